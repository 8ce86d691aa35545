import type { Topology } from '@lazyphotos/contracts';
import type { PgBoss } from 'pg-boss';
import type { RetryPolicy } from '../port.js';

export const deadLetterQueue = (queue: string): string => `${queue}.dead`;

/** Dead letters wait for somebody to look at them, for a year. */
const KEEP_DEAD_SECONDS = 365 * 86_400;
const KEEP_WAITING_SECONDS = 365 * 86_400;
/** Done events are only noise. */
const KEEP_DONE_SECONDS = 3600;

/** Creates what is missing and brings the rest up to the policy; doing so again, or in two processes at once, is harmless. */
export async function declareQueues(
  boss: PgBoss,
  topology: Topology,
  retry: RetryPolicy,
  heartbeatSeconds: number,
): Promise<void> {
  for (const queue of Object.keys(topology)) {
    const dead = deadLetterQueue(queue);
    await boss.createQueue(dead, { retentionSeconds: KEEP_DEAD_SECONDS, deleteAfterSeconds: KEEP_DEAD_SECONDS });
    const options = {
      retryLimit: retry.maxAttempts - 1,
      retryDelay: retry.baseDelaySeconds,
      retryBackoff: true,
      retryDelayMax: retry.maxDelaySeconds,
      heartbeatSeconds,
      retentionSeconds: KEEP_WAITING_SECONDS,
      deleteAfterSeconds: KEEP_DONE_SECONDS,
      notify: true,
    };
    await boss.createQueue(queue, { ...options, deadLetter: dead });
    await boss.updateQueue(queue, options);
  }
}
