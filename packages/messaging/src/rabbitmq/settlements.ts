import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { QueueHandlers, Received } from '../handlers.js';
import type { BusObserver, HandlerResult, Outcome, RetryPolicy } from '../port.js';
import {
  deadMessage,
  eventTypeOf,
  type OutgoingMessage,
  postponedMessage,
  retriedMessage,
} from './messages.js';
import type { Publisher } from './publisher.js';

/** Between two attempts to publish a failed event again while the broker accepts nothing. */
const REPUBLISH_PAUSE_MS = 1000;

/** A message that a consumer has received. */
export interface Incoming extends Received {
  queue: string;
  message: ConsumeMessage;
  channel: Channel;
  abort: AbortController;
}

export interface SettlementsOptions {
  publisher: Publisher;
  retry: RetryPolicy;
  observer: BusObserver;
}

/** Ends deliveries by the results of their handlers. */
export class Settlements {
  readonly #options: SettlementsOptions;

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  /** Acknowledges a batch whose events were all handled by one acknowledgement of its last message. */
  settleTogether(batch: readonly Incoming[], last: Incoming): void {
    if (!acknowledge(last, { upTo: true })) return;
    for (const { queue, message } of batch)
      this.#options.observer.settled?.(queue, eventTypeOf(message), 'done');
  }

  /** Ends one delivery: acknowledges it, once the event is published again if its handler failed. */
  async settle(handlers: QueueHandlers, incoming: Incoming, result: HandlerResult): Promise<void> {
    const { observer } = this.#options;
    const { queue, message, signal } = incoming;
    const type = eventTypeOf(message);
    if (result === 'done') {
      if (acknowledge(incoming)) observer.settled?.(queue, type, 'done');
      return;
    }
    // A handler that was told to stop has not failed.
    if (signal.aborted) return;
    const { outcome, again } = this.#afterFailure(handlers, incoming, result);
    if (!(await this.#publishAgain(again, signal))) return;
    acknowledge(incoming);
    observer.settled?.(queue, type, outcome, result.error);
  }

  #afterFailure(
    handlers: QueueHandlers,
    { queue, message, attempt }: Incoming,
    { error, isOutage }: Exclude<HandlerResult, 'done'>,
  ): { outcome: Outcome; again: OutgoingMessage } {
    const { retry } = this.#options;
    if (isOutage) {
      const again = postponedMessage(message, queue, handlers.pause.delaySeconds, retry);
      return { outcome: 'postponed', again };
    }
    return attempt < retry.maxAttempts
      ? { outcome: 'retried', again: retriedMessage(message, queue, attempt, retry) }
      : { outcome: 'dead_lettered', again: deadMessage(message, queue, error) };
  }

  /** Returns whether it was published; otherwise the broker has the message again, and delivers it again. */
  async #publishAgain(message: OutgoingMessage, signal: AbortSignal): Promise<boolean> {
    const { publisher, observer } = this.#options;
    while (!signal.aborted) {
      try {
        await publisher.send([message]);
        return true;
      } catch (fault) {
        observer.fault?.(fault);
        await sleep(REPUBLISH_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }
}

/** `upTo`: with all messages before it. A channel that is closed cannot acknowledge: the message comes again. */
export function acknowledge({ channel, message }: Incoming, { upTo = false } = {}): boolean {
  try {
    channel.ack(message, upTo);
    return true;
  } catch {
    return false;
  }
}
