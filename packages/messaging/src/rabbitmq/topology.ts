import type { Topology } from '@lazyphotos/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import { delaySeconds, type RetryPolicy, TopologyRefusedError } from '../port.js';
import { messageOf } from '../text.js';

/** Topic exchange: an event is published with its type as the routing key. */
export const EVENTS_EXCHANGE = 'lazyphotos.events';
/**
 * Topic exchange for what a consumer gives back. The key is what is to become of the message, and its queue: `now.<queue>`, `2s.<queue>` for
 * a delay, `dead.<queue>` for a dead letter. So a user of the broker can be limited to its own queues.
 */
export const RETURNS_EXCHANGE = 'lazyphotos.returns';
/** Topic exchange for what has waited long enough. Only the broker itself publishes to it; a message still has the key of its delay. */
export const DUE_EXCHANGE = 'lazyphotos.due';
/** The events that wait for their next delivery, of all queues together. */
export const RETRIES = 'lazyphotos.retry';

export const deadLetterQueue = (queue: string): string => `${queue}.dead`;
export const retryQueue = (delaySeconds: number): string => `${RETRIES}.after-${delaySeconds}s`;

export const nowKey = (queue: string): string => `now.${queue}`;
export const delayKey = (delaySeconds: number, queue: string): string => `${delaySeconds}s.${queue}`;
export const deadKey = (queue: string): string => `dead.${queue}`;

/** Returns each delay of the policy once: there is one retry queue for each, which all queues share. */
export function delaysOf(policy: RetryPolicy): number[] {
  // An event is postponed also where it has only one attempt.
  const retries = Math.max(policy.maxAttempts - 1, 1);
  return [...new Set(Array.from({ length: retries }, (_, index) => delaySeconds(index + 1, policy)))];
}

/**
 * Returns the delay in milliseconds with jitter: up to twice as long, but not longer than the policy's longest. `random` is between 0 and 1.
 * Events leave a retry queue in the order in which they came, so one may wait for another one; the bounds stay the same.
 */
export function jitteredMs(seconds: number, { maxDelaySeconds }: RetryPolicy, random: number): number {
  return Math.round(Math.min(seconds * (1 + random), Math.max(seconds, maxDelaySeconds)) * 1000);
}

/**
 * By default RabbitMQ 4 drops a message that came back more than 20 times, and each reading of the dead letters counts. RabbitMQ 3.10 has
 * no number for "never".
 */
const NEVER_DROP = { 'x-delivery-limit': 1_000_000_000 };
const QUORUM = { 'x-queue-type': 'quorum' };
/** An expired event goes to the queue that its routing key names, and leaves only when it has arrived there. */
const BACK_TO_ITS_QUEUE = {
  'x-dead-letter-exchange': DUE_EXCHANGE,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/**
 * Declares every exchange, queue and binding. It can be repeated, also by several processes at once. Queues and bindings of a newer or an
 * older topology or retry policy are left alone: during a rolling update other processes still need them.
 * @throws TopologyRefusedError
 */
export async function declareTopology(
  model: ChannelModel,
  topology: Topology,
  retry: RetryPolicy,
): Promise<void> {
  const channel = await model.createChannel();
  // The declaration that caused it rejects with it.
  channel.on('error', () => undefined);
  for (const exchange of EXCHANGES)
    await refusing('exchange', exchange, () => channel.assertExchange(exchange, 'topic'));
  for (const seconds of delaysOf(retry)) {
    await declareQueue(channel, retryQueue(seconds), BACK_TO_ITS_QUEUE);
    await channel.bindQueue(retryQueue(seconds), RETURNS_EXCHANGE, delayKey(seconds, '#'));
  }
  for (const [queue, types] of Object.entries(topology)) {
    await declareQueue(channel, deadLetterQueue(queue), NEVER_DROP);
    await channel.bindQueue(deadLetterQueue(queue), RETURNS_EXCHANGE, deadKey(queue));
    await declareQueue(channel, queue, NEVER_DROP);
    await channel.bindQueue(queue, RETURNS_EXCHANGE, nowKey(queue));
    await channel.bindQueue(queue, DUE_EXCHANGE, `*.${queue}`);
    for (const type of types) await channel.bindQueue(queue, EVENTS_EXCHANGE, type);
  }
  await channel.close();
}

/** For a user that may not declare: looks whether everything is there. @throws TopologyRefusedError */
export async function checkTopology(
  model: ChannelModel,
  topology: Topology,
  retry: RetryPolicy,
): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  const waiting = delaysOf(retry).map(retryQueue);
  const queues = Object.keys(topology).flatMap((queue) => [queue, deadLetterQueue(queue)]);
  for (const exchange of EXCHANGES)
    await refusing('exchange', exchange, () => channel.checkExchange(exchange));
  for (const queue of [...waiting, ...queues])
    await refusing('queue', queue, () => channel.checkQueue(queue));
  await channel.close();
}

const EXCHANGES = [EVENTS_EXCHANGE, RETURNS_EXCHANGE, DUE_EXCHANGE];

const declareQueue = (channel: Channel, name: string, args: object) =>
  refusing('queue', name, () => channel.assertQueue(name, { arguments: { ...QUORUM, ...args } }));

/** A refusal has the broker's reply code (406: it exists, but was made otherwise; 403: not allowed; 404: not provisioned); a broken connection has none. */
async function refusing(kind: string, name: string, declare: () => Promise<unknown>): Promise<void> {
  try {
    await declare();
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'number') throw error;
    throw new TopologyRefusedError(`RabbitMQ refuses the ${kind} ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
