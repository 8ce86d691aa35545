import { setTimeout as sleep } from 'node:timers/promises';
import type { HandlerResult } from './handlers.js';
import { delaySeconds, type RetryPolicy } from './port.js';

/** With the default policy: 2, 4, 8, 16, 32 seconds. */
const LONGEST_STEP = 5;

/**
 * How long one queue's consumer waits while something that its handlers need is away. One failed call between others that succeed, as by a
 * file that the store cannot read, postpones its event and does not hold up the others; from the second one in a row the consumer pauses,
 * longer each time.
 */
export class OutagePause {
  readonly #retry: RetryPolicy;
  /** Calls in a row that an outage made fail. */
  #failures = 0;

  constructor(retry: RetryPolicy) {
    this.#retry = retry;
  }

  note(results: readonly HandlerResult[]): void {
    if (results.some((result) => result !== 'done' && result.isOutage)) this.#failures += 1;
    else if (results.length > 0) this.#failures = 0;
  }

  /** Seconds until a postponed event is delivered again: a delay of the retry policy. */
  get delaySeconds(): number {
    const longest = Math.max(1, Math.min(LONGEST_STEP, this.#retry.maxAttempts - 1));
    return delaySeconds(Math.min(Math.max(this.#failures, 1), longest), this.#retry);
  }

  /** Waits before the next call, in an outage; until `signal` aborts at most. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#failures < 2) return;
    await sleep(this.delaySeconds * 1000, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
