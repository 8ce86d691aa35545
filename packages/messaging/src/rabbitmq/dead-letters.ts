import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, Message } from 'amqplib';
import type { DeadLetter } from '../port.js';
import { readDeadLetter, replayedMessage } from './messages.js';
import type { Publisher } from './publisher.js';
import { deadLetterQueue } from './topology.js';

const REPLAY_BATCH = 100;
/** Returned messages go behind those that were returned before: only when all are read do all stay in order. */
const READ_AT_LEAST = 1000;
const MOST_PREFETCHED = 65_535;
/** A consumer is not notified when a queue has no more messages for it. */
const POLL_MS = 10;

/** Reads up to `limit` dead letters and puts them back. Up to a thousand keep their order; of more, the next read shows others. */
export function peekDeadLetters(model: ChannelModel, queue: string, limit: number): Promise<DeadLetter[]> {
  const letters = deadLetterQueue(queue);
  return withChannel(model, async (channel) => {
    const messages = await take(channel, letters, Math.min(Math.max(limit, READ_AT_LEAST), MOST_PREFETCHED));
    if (messages.length > 0) channel.nackAll(true);
    return messages.slice(0, limit).map(readDeadLetter);
  });
}

/**
 * Moves the dead letters that were there at the start; those that are added meanwhile stay. Each is removed once the queue has stored its
 * event, so that a crash in between makes a second copy and never none.
 */
export function replayDeadLetters(model: ChannelModel, publisher: Publisher, queue: string): Promise<number> {
  const letters = deadLetterQueue(queue);
  return withChannel(model, async (channel) => {
    let replayed = 0;
    let batch = await take(channel, letters, REPLAY_BATCH);
    // Counted before the first one is replayed: none of these has become a dead letter again.
    const total = batch.length + (await channel.checkQueue(letters)).messageCount;
    while (batch.length > 0) {
      await publisher.send(batch.map((message) => replayedMessage(message, queue)));
      channel.ackAll();
      replayed += batch.length;
      batch = await take(channel, letters, Math.min(REPLAY_BATCH, total - replayed));
    }
    return replayed;
  });
}

/**
 * Takes up to `most` messages from the front of a queue; they stay unacknowledged on the channel. It consumes them instead of one `get` for
 * each: a quorum queue then returns or drops them all by one command, in order. Of many single commands a channel may send only 32
 * ahead, and the rest is lost when the channel closes.
 *
 * Messages that an earlier call has returned are found, although the queue counts them only some moments later: a quorum queue executes
 * the command that adds this consumer after the command that returned them. So `checkQueue` is called only afterwards.
 */
async function take(channel: Channel, queue: string, most: number): Promise<Message[]> {
  const messages: Message[] = [];
  if (most <= 0) return messages;
  let cancelled = false;
  await channel.prefetch(most);
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message) messages.push(message);
    else cancelled = true;
  });
  const isComplete = async () =>
    cancelled || messages.length === most || (await channel.checkQueue(queue)).messageCount === 0;
  while (!(await isComplete())) await sleep(POLL_MS);
  // Messages that are on their way arrive before the response to this.
  await channel.cancel(consumerTag);
  return messages;
}

/** The queue gets back what the channel has not acknowledged when it closes. */
async function withChannel<T>(model: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await model.createChannel();
  // The request that caused it rejects with it.
  channel.on('error', () => undefined);
  try {
    return await work(channel);
  } finally {
    await channel.close().catch(() => undefined);
  }
}
