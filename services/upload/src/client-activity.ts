import { setTimeout as wait } from 'node:timers/promises';

/** Long enough that a phone's next chunk or photo comes within it. */
const QUIET_MS = 500;
/** An import continues after this time, however busy clients are. */
const LONGEST_WAIT_MS = 5000;

/** Between two looks at what clients are doing. */
const LOOK_MS = 20;

/** What clients are uploading now, so that imports and previews can wait. */
export class ClientActivity {
  #running = 0;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(readonly now: () => number = () => performance.now()) {}

  /** Counts `work` as a client's until it ends. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#endedAt = this.now();
    }
  }

  /** Resolves when no client has uploaded for a moment, or when the longest wait is over. @throws when `signal` aborts */
  async waitUntilQuiet(signal: AbortSignal): Promise<void> {
    const until = this.now() + LONGEST_WAIT_MS;
    while (!this.#isQuiet() && this.now() < until) await wait(QUIET_MS / 5, undefined, { signal });
  }

  /** Resolves when no client is uploading, or after `longestMs`. @throws when `signal` aborts */
  async waitUntilIdle(signal: AbortSignal, longestMs: number): Promise<void> {
    const until = this.now() + longestMs;
    while (this.#running > 0 && this.now() < until) await wait(LOOK_MS, undefined, { signal });
  }

  #isQuiet(): boolean {
    return this.#running === 0 && this.now() - this.#endedAt >= QUIET_MS;
  }
}
