import { setTimeout as sleep } from 'node:timers/promises';

/** Bounds a hang and nothing else: no condition of a test may depend on how fast the machine is. */
const HANG_MS = 180_000;

export interface EventuallyOptions {
  /** Between two tries; 50 ms. */
  intervalMs?: number;
}

/**
 * Calls `attempt` until it does not throw, and returns its result. A test waits for a condition with it, never for a time. When
 * nothing comes for three minutes, which only a fault can cause, it throws what `attempt` threw last.
 */
export function eventually<T>(
  attempt: () => T | Promise<T>,
  { intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + HANG_MS;
  return tryWhile(() => performance.now() < deadline, attempt, intervalMs);
}

/** The loop of `eventually`, for as long as `hasTime` returns true. */
export async function tryWhile<T>(
  hasTime: () => boolean,
  attempt: () => T | Promise<T>,
  intervalMs: number,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasTime()) throw error;
      await sleep(intervalMs);
    }
  }
}
