import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Bounds a hang and nothing else: no condition of a test may depend on how fast the machine is. The pauses between two tries are
 * counted, because a process that gets little of the processor makes few of them.
 */
const HANG_MS = 180_000;
/** In any case, so that the last error is known before jest's own limit ends the test. */
const LONGEST_MS = 480_000;

export interface EventuallyOptions {
  /** Between two tries; 50 ms. */
  intervalMs?: number;
}

/**
 * Calls `attempt` until it does not throw, and returns its result. A test waits for a condition with it, never for a time. After
 * three minutes of pauses, which only a fault can cause, it throws what `attempt` threw last.
 */
export function eventually<T>(
  attempt: () => T | Promise<T>,
  { intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const latest = performance.now() + LONGEST_MS;
  let paused = 0;
  const hasTime = () => {
    paused += intervalMs;
    return paused < HANG_MS && performance.now() < latest;
  };
  return tryWhile(hasTime, attempt, intervalMs);
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

/** Looks that find the same number, one after the other. */
const QUIET_LOOKS = 10;

/**
 * Resolves with a number once it has not changed for half a second. For upper bounds alone, of what has no end that could be waited
 * for: on a busy machine it may come early, and the test is then milder, but never fails for it.
 */
export async function standsStill(read: () => number): Promise<number> {
  let last = read();
  let quiet = 0;
  return eventually(() => {
    quiet = read() === last ? quiet + 1 : 0;
    last = read();
    if (quiet < QUIET_LOOKS || last === 0) throw new Error('still moving');
    return last;
  });
}
