import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** The work that is in flight in this process, by key. */
export class InFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** Runs `work`, or returns the running work of the same key: an event that is delivered twice at once is handled once. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#running.get(key);
    if (known) return known;
    const running = work().finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  /** Resolves when all work has ended, whether it succeeded or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }
}

/**
 * Uploads that a user waits for. Uploads of imports wait for them: until none is being processed in this process, and none has just
 * ended (the bus needs a moment to deliver the next one).
 */
export class Foreground {
  readonly #maxWaitMs: number;
  readonly #quietMs: number;
  readonly #stopping = new AbortController();
  readonly #changes = new EventTarget();
  #running = 0;
  #endedAt = Number.NEGATIVE_INFINITY;

  /** `quietMs`: how long there must be no foreground work before `idle` resolves. */
  constructor(maxWaitMs: number, quietMs: number) {
    this.#maxWaitMs = maxWaitMs;
    this.#quietMs = quietMs;
  }

  /** Counts `work` as foreground work until it has ended. */
  async run(work: () => Promise<void>): Promise<void> {
    this.#running += 1;
    try {
      await work();
    } finally {
      this.#running -= 1;
      this.#endedAt = performance.now();
      this.#changes.dispatchEvent(new Event('ended'));
    }
  }

  /**
   * Resolves when there is no foreground work, or after `maxWaitMs`, so that a stream of uploads does not stop imports, or after
   * `stopWaiting`. @throws the reason of the signal
   */
  async idle(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const end = AbortSignal.any([signal, this.#stopping.signal, AbortSignal.timeout(this.#maxWaitMs)]);
    await this.#untilQuiet(end).catch((error) => {
      if (!end.aborted) throw error;
    });
    signal.throwIfAborted();
  }

  /** Ends all waiting, now and later, before the service stops. */
  stopWaiting(): void {
    this.#stopping.abort();
  }

  async #untilQuiet(signal: AbortSignal): Promise<void> {
    for (;;) {
      const remainingMs = this.#endedAt + this.#quietMs - performance.now();
      if (this.#running > 0) await once(this.#changes, 'ended', { signal });
      else if (remainingMs > 0) await sleep(remainingMs, undefined, { signal });
      else return;
    }
  }
}
