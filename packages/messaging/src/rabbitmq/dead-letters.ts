import type { Channel, ChannelModel, GetMessage } from 'amqplib';
import type { DeadLetter } from '../port.js';
import { readDeadLetter, replayedMessage } from './messages.js';
import type { Publisher } from './publisher.js';
import { deadLetterQueue } from './topology.js';

const REPLAY_BATCH = 100;

/** Reads up to `limit` dead letters and puts them back where they were, in front of the later ones. */
export function peekDeadLetters(model: ChannelModel, queue: string, limit: number): Promise<DeadLetter[]> {
  return withChannel(model, async (channel) => {
    const messages = await takeUpTo(channel, deadLetterQueue(queue), limit);
    if (messages.length > 0) channel.nackAll(true);
    return messages.map(readDeadLetter);
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
      const batch = await takeUpTo(channel, letters, Math.min(REPLAY_BATCH, messageCount - replayed));
      if (batch.length === 0) break;
      await publisher.send(batch.map((message) => replayedMessage(message, queue)));
      channel.ackAll();
      replayed += batch.length;
    }
    return replayed;
  });
}

async function takeUpTo(channel: Channel, queue: string, limit: number): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  while (messages.length < limit) {
    const message = await channel.get(queue);
    if (!message) break;
    messages.push(message);
  }
  return messages;
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
