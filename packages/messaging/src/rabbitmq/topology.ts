import type { Topology } from '@lazyphotos/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import { type RetryPolicy, TopologyRefusedError } from '../port.js';
import { messageOf } from '../text.js';

/** Topic exchange: an event is published with its type as the routing key. */
export const EVENTS_EXCHANGE = 'lazyphotos.events';
/** Headers exchange: a retried event goes to the queue of the delay that its header names, and keeps its routing key. */
export const RETRY_EXCHANGE = 'lazyphotos.retry';
export const DELAY_HEADER = 'delay';

export const deadLetterQueue = (queue: string): string => `${queue}.dead`;
export const retryQueue = (delaySeconds: number): string => `${RETRY_EXCHANGE}.${delaySeconds}s`;
/** A string, because a headers exchange distinguishes 2 and 2.0. */
export const delayName = (delaySeconds: number): string => `${delaySeconds}s`;

/** Returns the shortest time between the `failures`th failure and the next delivery. */
export function delaySeconds(failures: number, { baseDelaySeconds, maxDelaySeconds }: RetryPolicy): number {
  return Math.min(baseDelaySeconds * 2 ** (failures - 1), maxDelaySeconds);
}

/** Returns each delay of the policy once: there is one retry queue for each, which all queues share. */
export function delaysOf(policy: RetryPolicy): number[] {
  const retries = Math.max(policy.maxAttempts - 1, 0);
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
/**
 * An expired event goes to the queue that its routing key names, through the default exchange, and leaves only when it has
 * arrived there.
 */
const BACK_TO_ITS_QUEUE = {
  'x-dead-letter-exchange': '',
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
  await refusing('exchange', EVENTS_EXCHANGE, () => channel.assertExchange(EVENTS_EXCHANGE, 'topic'));
  await refusing('exchange', RETRY_EXCHANGE, () => channel.assertExchange(RETRY_EXCHANGE, 'headers'));
  for (const seconds of delaysOf(retry)) {
    await declareQueue(channel, retryQueue(seconds), BACK_TO_ITS_QUEUE);
    const match = { 'x-match': 'all', [DELAY_HEADER]: delayName(seconds) };
    await channel.bindQueue(retryQueue(seconds), RETRY_EXCHANGE, '', match);
  }
  for (const [queue, types] of Object.entries(topology)) {
    await declareQueue(channel, deadLetterQueue(queue), NEVER_DROP);
    await declareQueue(channel, queue, NEVER_DROP);
    for (const type of types) await channel.bindQueue(queue, EVENTS_EXCHANGE, type);
  }
  await channel.close();
}

const declareQueue = (channel: Channel, name: string, args: object) =>
  refusing('queue', name, () => channel.assertQueue(name, { arguments: { ...QUORUM, ...args } }));

/** A refusal has the broker's reply code (406: it exists, but was made otherwise; 403: not allowed); a broken connection has none. */
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
