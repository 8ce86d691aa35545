import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, Message } from 'amqplib';
import type { DeadLetter } from '../port.js';
import { readDeadLetter, replayedMessage } from './messages.js';
import type { Publisher } from './publisher.js';
import { deadLetterQueue } from './topology.js';
import { atMost } from './within.js';

const REPLAY_BATCH = 100;
/** What a queue gets back goes behind what it got back before: only when all are read do all stay in order. */
const READ_AT_LEAST = 1000;
const MOST_PREFETCHED = 65_535;
/** For letters that are given back and are not seen again: somebody else has taken them. */
const RETURN_MS = 10_000;
/** A queue tells nobody how many messages it has got or given. */
const POLL_MS = 10;

/** Reads up to `limit` dead letters and puts them back. Up to a thousand keep their order; of more, the next read shows others. */
export function peekDeadLetters(model: ChannelModel, queue: string, limit: number): Promise<DeadLetter[]> {
  const letters = deadLetterQueue(queue);
  return withChannel(model, async (channel) => {
    const { messageCount } = await channel.checkQueue(letters);
    const count = Math.min(messageCount, Math.max(limit, READ_AT_LEAST), MOST_PREFETCHED);
    const messages = await take(channel, letters, count);
    if (messages.length > 0) {
      channel.nackAll(true);
      // They are back some moments later. Whoever reads or replays next must find them.
      await atMost(
        RETURN_MS,
        untilCount(channel, letters, (count) => count >= messageCount),
      );
    }
    return messages.slice(0, limit).map(readDeadLetter);
  });
}

/**
 * Moves what was there at the start; what dies again meanwhile stays. Each letter goes once the queue has its event for good, so
 * that a crash in between makes a second copy and never none.
 */
export function replayDeadLetters(model: ChannelModel, publisher: Publisher, queue: string): Promise<number> {
  const letters = deadLetterQueue(queue);
  return withChannel(model, async (channel) => {
    const { messageCount } = await channel.checkQueue(letters);
    let replayed = 0;
    while (replayed < messageCount) {
      const batch = await take(channel, letters, Math.min(REPLAY_BATCH, messageCount - replayed));
      if (batch.length === 0) break;
      await publisher.send(batch.map((message) => replayedMessage(message, queue)));
      channel.ackAll();
      replayed += batch.length;
    }
    return replayed;
  });
}

/**
 * Takes so many messages off the front of a queue, fewer when there are fewer; the channel has them unacknowledged. As a consumer,
 * not by one `get` for each: a quorum queue then returns or drops them all by one command, in order. Of many single ones it lets a
 * channel send only 32 ahead, and forgets the rest when the channel closes.
 */
async function take(channel: Channel, queue: string, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  if (count === 0) return messages;
  const { promise, resolve } = Promise.withResolvers<void>();
  await channel.prefetch(count);
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message) messages.push(message);
    if (!message || messages.length === count) resolve();
  });
  // With none left in the queue, somebody else has taken those that were counted. What is on its way comes before the last answer.
  await Promise.race([promise, untilCount(channel, queue, (left) => left === 0)]);
  await channel.cancel(consumerTag);
  return messages;
}

async function untilCount(channel: Channel, queue: string, is: (count: number) => boolean): Promise<void> {
  while (!is((await channel.checkQueue(queue)).messageCount)) await sleep(POLL_MS);
}

/** What the channel has not acknowledged when it closes goes back. */
async function withChannel<T>(model: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await model.createChannel();
  // The question that caused it rejects with it.
  channel.on('error', () => undefined);
  try {
    return await work(channel);
  } finally {
    await channel.close().catch(() => undefined);
  }
}
