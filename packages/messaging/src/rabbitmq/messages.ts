import type { AnyEvent } from '@lazyphotos/contracts';
import type { Message, Options } from 'amqplib';
import { type DeadLetter, delaySeconds, type RetryPolicy } from '../port.js';
import { reasonOf } from '../text.js';
import { deadKey, delayKey, EVENTS_EXCHANGE, jitteredMs, nowKey, RETURNS_EXCHANGE } from './topology.js';

/** How many deliveries have failed before the message was published again. */
const FAILURES_HEADER = 'failures';
const REASON_HEADER = 'reason';
const FAILED_AT_HEADER = 'failed-at';
/** Set by the queue: how often the message came back because its consumer was lost. Zero again after each publication. */
const DELIVERY_COUNT_HEADER = 'x-delivery-count';
/** Headers share one frame of at most 128 KiB. */
const LONGEST_REASON = 4000;

export interface OutgoingMessage {
  exchange: string;
  routingKey: string;
  content: Buffer;
  options: Options.Publish;
}

/** `delivered`: a queue of the topology delivers it, so that it is an error if no queue has received it. */
export function eventMessage(event: AnyEvent, delivered: boolean): OutgoingMessage {
  return {
    exchange: EVENTS_EXCHANGE,
    routingKey: event.type,
    content: Buffer.from(JSON.stringify(event)),
    options: {
      persistent: true,
      mandatory: delivered,
      contentType: 'application/json',
      messageId: event.id,
      type: event.type,
    },
  };
}

/** @throws SyntaxError */
export const readMessage = ({ content }: Message): unknown => JSON.parse(content.toString());

export const eventTypeOf = ({ properties }: Message): string => String(properties.type ?? 'unknown');

/** Returns the number of the delivery; and `lost`, when its consumer was lost while it handled the delivery of that number. */
export function attemptOf({ properties }: Message): { attempt: number; lost: boolean } {
  const failed = count(properties.headers?.[FAILURES_HEADER]);
  const lost = count(properties.headers?.[DELIVERY_COUNT_HEADER]);
  return { attempt: failed + (lost || 1), lost: lost > 0 };
}

const count = (value: unknown): number => (Number.isInteger(value) ? Number(value) : 0);

/** To be delivered to `queue` again after the delay that follows the `failures`th failure. */
export function retriedMessage(
  message: Message,
  queue: string,
  failures: number,
  policy: RetryPolicy,
): OutgoingMessage {
  return delayedMessage(message, queue, { failures, seconds: delaySeconds(failures, policy) }, policy);
}

/** To be delivered to `queue` again after that delay, as if it had not been delivered this time. */
export function postponedMessage(
  message: Message,
  queue: string,
  seconds: number,
  policy: RetryPolicy,
): OutgoingMessage {
  const failures = attemptOf(message).attempt - 1;
  return delayedMessage(message, queue, { failures, seconds }, policy);
}

function delayedMessage(
  message: Message,
  queue: string,
  { failures, seconds }: { failures: number; seconds: number },
  policy: RetryPolicy,
): OutgoingMessage {
  return {
    exchange: RETURNS_EXCHANGE,
    routingKey: delayKey(seconds, queue),
    content: message.content,
    options: {
      ...sameProperties(message),
      expiration: jitteredMs(seconds, policy, Math.random()),
      headers: { [FAILURES_HEADER]: failures },
    },
  };
}

export function deadMessage(message: Message, queue: string, error: unknown): OutgoingMessage {
  const headers = {
    [REASON_HEADER]: reasonOf(error).slice(0, LONGEST_REASON),
    [FAILED_AT_HEADER]: new Date().toISOString(),
  };
  return returned(deadKey(queue), message, { headers });
}

/** To be delivered again as what it was: for a message that no handler was given. */
export function returnedMessage(message: Message, queue: string): OutgoingMessage {
  const failures = count(message.properties.headers?.[FAILURES_HEADER]);
  return returned(nowKey(queue), message, failures > 0 ? { headers: { [FAILURES_HEADER]: failures } } : {});
}

/** Without any header: delivered as if for the first time. */
export const replayedMessage = (message: Message, queue: string): OutgoingMessage =>
  returned(nowKey(queue), message);

export function readDeadLetter({ content, properties }: Message): DeadLetter {
  const { [REASON_HEADER]: reason, [FAILED_AT_HEADER]: failedAt } = properties.headers ?? {};
  return {
    event: parsedOrRaw(content.toString()),
    reason: String(reason ?? 'unknown'),
    // An operator may have put a message there by hand.
    failedAt: new Date(Date.parse(String(failedAt)) || 0),
  };
}

const returned = (routingKey: string, message: Message, more: Options.Publish = {}): OutgoingMessage => ({
  exchange: RETURNS_EXCHANGE,
  routingKey,
  content: message.content,
  options: { ...sameProperties(message), ...more },
});

const sameProperties = ({ properties }: Message): Options.Publish => ({
  persistent: true,
  mandatory: true,
  contentType: properties.contentType,
  messageId: properties.messageId,
  type: properties.type,
});

function parsedOrRaw(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
