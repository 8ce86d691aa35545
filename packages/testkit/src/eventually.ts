import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  /** How long to keep trying; 10 s. */
  timeoutMs?: number;
  /** Between two tries; 50 ms. */
  intervalMs?: number;
}

/** Calls `attempt` until it does not throw, and gives its answer. In the end rethrows what it threw last. */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() + intervalMs > deadline) throw error;
      await sleep(intervalMs);
    }
  }
}
