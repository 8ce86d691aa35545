import { setTimeout as wait } from 'node:timers/promises';

/** Long enough that a phone's next chunk or photo comes within it. */
const QUIET_MS = 500;
/** An import continues after this time, however busy clients are. */
const LONGEST_WAIT_MS = 5000;

/** What clients are uploading now, so that imports can wait. */
export interface ClientActivity {
  /** Counts `work` as a client's until it ends. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when no client has uploaded for a moment, or when the longest wait is over. @throws when `signal` aborts */
  waitUntilQuiet(signal: AbortSignal): Promise<void>;
}

export function createClientActivity(now: () => number = () => performance.now()): ClientActivity {
  let running = 0;
  let endedAt = Number.NEGATIVE_INFINITY;
  const isQuiet = () => running === 0 && now() - endedAt >= QUIET_MS;
  return {
    during: async (work) => {
      running += 1;
      try {
        return await work();
      } finally {
        running -= 1;
        endedAt = now();
      }
    },
    waitUntilQuiet: async (signal) => {
      const until = now() + LONGEST_WAIT_MS;
      while (!isQuiet() && now() < until) await wait(QUIET_MS / 5, undefined, { signal });
    },
  };
}
