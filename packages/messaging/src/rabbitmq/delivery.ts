import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import type { BusObserver, EventHandler, RetryPolicy } from '../port.js';
import { deadMessage, eventTypeOf, readEvent, retriedMessage, triesOf } from './messages.js';
import type { Publisher } from './publisher.js';

/** Between two tries to hand a failed event on while the broker takes nothing. */
const PAUSE_MS = 1000;

export interface Incoming {
  queue: string;
  message: ConsumeMessage;
  /** Aborted when the message is no longer ours, or the bus shuts down. */
  signal: AbortSignal;
  /** False: the channel is gone, and the message comes again. */
  ack(): boolean;
}

class ConsumerLostError extends Error {
  override name = 'ConsumerLostError';
  override message = 'the process ended, or lost its connection, while it handled the event';
}

export interface DeliveryOptions {
  publisher: Publisher;
  retry: RetryPolicy;
  observer: BusObserver;
}

/**
 * Handles deliveries, each to its end: acknowledged, or published again for later or for the dead letters and only then
 * acknowledged, so that a crash in between makes a second copy and never none.
 *
 * A message that comes back because its consumer was lost counts as a failed delivery, and waits like one. What kills its
 * process is so kept apart from the events that happened to be in hand beside it, and cannot kill for ever.
 */
export function createDeliveries({ publisher, retry, observer }: DeliveryOptions) {
  /** Answers whether it was published; else the message is no longer ours, and comes again by itself. */
  const publish = async (incoming: Incoming, failures: number, error: unknown): Promise<boolean> => {
    const { queue, message, signal } = incoming;
    const last = failures >= retry.maxAttempts;
    while (!signal.aborted) {
      try {
        await publisher.send([
          last ? deadMessage(message, queue, error) : retriedMessage(message, queue, failures, retry),
        ]);
        return true;
      } catch (fault) {
        observer.fault?.(fault);
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  };

  const giveUpOrRetry = async (incoming: Incoming, failures: number, error: unknown): Promise<void> => {
    if (!(await publish(incoming, failures, error))) return;
    incoming.ack();
    const outcome = failures >= retry.maxAttempts ? 'dead_lettered' : 'retried';
    observer.settled?.(incoming.queue, eventTypeOf(incoming.message), outcome, error);
  };

  return async (incoming: Incoming, handler: EventHandler): Promise<void> => {
    const { queue, message, signal } = incoming;
    const { failed, lost } = triesOf(message);
    if (lost > 0) return giveUpOrRetry(incoming, failed + lost, new ConsumerLostError());
    try {
      await handler(readEvent(message), { attempt: failed + 1, signal });
    } catch (error) {
      // A handler that was told to stop has not failed.
      if (!signal.aborted) await giveUpOrRetry(incoming, failed + 1, error);
      return;
    }
    if (incoming.ack()) observer.settled?.(queue, eventTypeOf(message), 'done');
  };
}
