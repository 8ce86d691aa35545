import type { Topology } from '@lazyphotos/contracts';
import type { PgBoss } from 'pg-boss';
import type { RetryPolicy } from '../port.js';

export const deadLetterQueue = (queue: string): string => `${queue}.dead`;

/** Dead letters wait for a year for an operator. */
const KEEP_DEAD_SECONDS = 365 * 86_400;
const KEEP_WAITING_SECONDS = 365 * 86_400;
const KEEP_DONE_SECONDS = 3600;
/** The longest that pg-boss allows. Heartbeats tell that a process has gone; a handler that waits for its turn may take long. */
const LONGEST_HANDLER_SECONDS = 86_400;

const PROCESS_ENDED = 'Error: the process ended while it handled the event';

/** Creates what is missing and brings the rest up to the policy; doing so again, or in two processes at once, is harmless. */
export async function declareQueues(
  boss: PgBoss,
  topology: Topology,
  retry: RetryPolicy,
  heartbeatSeconds: number,
): Promise<void> {
  const dead = { retentionSeconds: KEEP_DEAD_SECONDS, deleteAfterSeconds: KEEP_DEAD_SECONDS };
  const live = {
    retryLimit: retry.maxAttempts - 1,
    retryDelay: retry.baseDelaySeconds,
    retryBackoff: true,
    retryDelayMax: retry.maxDelaySeconds,
    heartbeatSeconds,
    expireInSeconds: LONGEST_HANDLER_SECONDS,
    retentionSeconds: KEEP_WAITING_SECONDS,
    deleteAfterSeconds: KEEP_DONE_SECONDS,
    notify: true,
  };
  const existing = new Map((await boss.getQueues()).map((queue) => [queue.name, queue]));
  const declare = async (name: string, options: object, deadLetter?: string): Promise<void> => {
    const found = existing.get(name) as Record<string, unknown> | undefined;
    if (!found) await boss.createQueue(name, deadLetter ? { ...options, deadLetter } : options);
    else if (Object.entries(options).some(([option, value]) => found[option] !== value)) {
      await boss.updateQueue(name, options);
    }
  };
  for (const queue of Object.keys(topology)) {
    await declare(deadLetterQueue(queue), dead);
    await declare(queue, live, deadLetterQueue(queue));
  }
}

/**
 * Gives the events that a process was handling when it was killed back to their queues, as the next to be delivered. This counts as a
 * failed attempt, so that an event that kills its process becomes a dead letter in the end.
 */
export async function redeliverOrphans(boss: PgBoss, queues: string[]): Promise<void> {
  const db = boss.getDb();
  await db.executeSql(
    `UPDATE pgboss.job SET state = 'retry', start_after = now()
      WHERE state = 'active' AND name = ANY($1) AND retry_count < retry_limit`,
    [queues],
  );
  const { rows } = await db.executeSql(
    `SELECT id, name FROM pgboss.job WHERE state = 'active' AND name = ANY($1)`,
    [queues],
  );
  for (const { name, id } of rows as { id: string; name: string }[])
    await boss.fail(name, id, { message: PROCESS_ENDED });
}
