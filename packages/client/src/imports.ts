import type { ImportJob } from '@lazyphotos/contracts';
import type { Client } from './client.js';
import { isTransient } from './retry.js';
import { sleep } from './sleep.js';

export interface FollowImportOptions {
  signal?: AbortSignal | undefined;
  /** Pause between two questions. */
  pollMs?: number;
  /** How long the node may be out of reach before following ends with the error: it may be restarting. */
  giveUpAfterMs?: number;
  /** A question got no answer; the next one follows. */
  onTrouble?: ((error: unknown) => void) | undefined;
}

const ended: ReadonlySet<ImportJob['status']> = new Set(['completed', 'failed', 'cancelled']);

/** Whether an import makes no more progress, unless archives are added to it. */
export const hasEnded = ({ status }: ImportJob): boolean => ended.has(status);

/**
 * Asks how far an import is until it has ended, whatever pauses it meanwhile. The last state that is yielded is the one at its end.
 * Rejects with the signal's reason when aborted; the import goes on.
 */
export async function* followImport(
  client: Client,
  id: string,
  options: FollowImportOptions = {},
): AsyncGenerator<ImportJob, void> {
  const { signal, pollMs = 2000, giveUpAfterMs = 15 * 60_000, onTrouble } = options;
  let lastHeard = performance.now();
  const ask = async (): Promise<ImportJob | undefined> => {
    try {
      const job = await client.getImport({ params: { id } }, { signal });
      lastHeard = performance.now();
      return job;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error) || performance.now() - lastHeard > giveUpAfterMs) throw error;
      onTrouble?.(error);
      return undefined;
    }
  };
  for (;;) {
    const job = await ask();
    if (job !== undefined) yield job;
    if (job !== undefined && hasEnded(job)) return;
    await sleep(pollMs, signal);
  }
}
