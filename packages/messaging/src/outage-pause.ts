import { setTimeout as sleep } from 'node:timers/promises';
import { delaySeconds, type HandlerResult, type RetryPolicy } from './port.js';

/** With the default policy: 2, 4, 8, 16, 32 seconds. */
const LONGEST_STEP = 5;

/**
 * How long one queue's consumer waits while something that its handlers need is away. One failed call between others that succeed, as by a
 * file that the store cannot read, postpones its event and does not hold up the others; from the second one without a success in between
 * the consumer pauses, longer each time.
 */
export class OutagePause {
  readonly #retry: RetryPolicy;
  /** Calls that an outage made fail since the last success. */
  #failures = 0;
  #isOn = false;

  constructor(retry: RetryPolicy) {
    this.#retry = retry;
  }

  note(results: readonly HandlerResult[]): void {
    const isOutage = results.some((result) => result !== 'done' && result.isOutage);
    if (isOutage) this.#failures += 1;
    // A failure of another kind, such as that of an event whose consumer was lost, does not show that the outage is over.
    else if (results.includes('done')) this.#failures = 0;
    this.#isOn = isOutage && this.#failures >= 2;
  }

  /** Whether the consumer pauses before its next call. It holds no events meanwhile that a handler has not been given. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Seconds until a postponed event is delivered again: a delay of the retry policy. */
  get delaySeconds(): number {
    const longest = Math.max(1, Math.min(LONGEST_STEP, this.#retry.maxAttempts - 1));
    return delaySeconds(Math.min(Math.max(this.#failures, 1), longest), this.#retry);
  }

  /** Waits before the next call, in an outage; until `signal` aborts at most. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isOn) return;
    await sleep(this.delaySeconds * 1000, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
