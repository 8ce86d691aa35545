import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, depthOf, recorder } from '../conformance/suite.js';
import type { Harness } from './harness.js';

const QUEUE = 'one.albums';
const ONCE = { maxAttempts: 1, baseDelaySeconds: 1, maxDelaySeconds: 1 };
const TWICE = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };

export function describeDeadLetters({ broker, createBus }: Harness): void {
  describe('dead letters', () => {
    test('what cannot be parsed becomes one, and does not stop the queue', async () => {
      const bus = await createBus({ retry: TWICE });
      const { handler, ids } = recorder();
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
      await broker.onChannel(async (channel) => {
        channel.publish('lazyphotos.events', 'album.deleted', Buffer.from('{ no JSON'));
      });
      const event = albumEvent();
      await bus.publish([{ ...event, payload: { nonsense: true } } as never, event]);
      await eventually(() => expect(ids()).toEqual([event.id]));
      await eventually(async () =>
        expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0, deadLetters: 2 }),
      );
      const letters = await bus.deadLetters(QUEUE, 10);
      expect(letters).toContainEqual({
        event: '{ no JSON',
        reason: expect.stringContaining('SyntaxError'),
        failedAt: expect.any(Date),
      });
      expect(letters.map(({ reason }) => reason)).toContainEqual(expect.stringContaining('albumId'));
    });

    test('one that an operator has put there by hand can be read and replayed like the others', async () => {
      const bus = await createBus();
      const event = albumEvent();
      await broker.onChannel(async (channel) => {
        channel.sendToQueue(`${QUEUE}.dead`, Buffer.from(JSON.stringify(event)));
      });
      const letter = { event, reason: 'unknown', failedAt: new Date(0) };
      await eventually(async () => expect(await bus.deadLetters(QUEUE, 10)).toEqual([letter]));
      const { handler, ids } = recorder();
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
      expect(await bus.replayDeadLetters(QUEUE)).toBe(1);
      await eventually(() => expect(ids()).toEqual([event.id]));
    });

    test('reading them again and again changes nothing', async () => {
      const bus = await createBus({ retry: ONCE });
      const { handler } = recorder(() => {
        throw new Error('down');
      });
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
      const events = Array.from({ length: 12 }, () => albumEvent());
      for (const event of events) await bus.publish([event]);
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ deadLetters: 12 }));
      const first = (await bus.deadLetters(QUEUE, 100)).map(({ event }) => event);
      expect(first).toEqual(events);
      // RabbitMQ 4 would drop them after 20 times by default. What one process has returned, another one finds at once.
      const other = await createBus({ retry: ONCE });
      for (let round = 0; round < 30; round += 1) {
        const read = await (round % 2 ? other : bus).deadLetters(QUEUE, 1 + (round % 12));
        expect(read.map(({ event }) => event)).toEqual(events.slice(0, 1 + (round % 12)));
      }
      expect(await bus.replayDeadLetters(QUEUE)).toBe(12);
    });

    test('more than one batch are all replayed, those that die meanwhile not again', async () => {
      const bus = await createBus({ retry: ONCE });
      let broken = true;
      const { handler, ids } = recorder(() => {
        if (broken) throw new Error('down');
      });
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 4 });
      await bus.publish(Array.from({ length: 250 }, () => albumEvent()));
      const depth = () => depthOf(bus, QUEUE);
      await eventually(async () => expect(await depth()).toMatchObject({ deadLetters: 250 }));
      expect(await bus.replayDeadLetters(QUEUE)).toBe(250);
      await eventually(async () => expect(await depth()).toMatchObject({ pending: 0, deadLetters: 250 }));
      broken = false;
      expect(await bus.replayDeadLetters(QUEUE)).toBe(250);
      await eventually(async () => expect(await depth()).toMatchObject({ pending: 0, deadLetters: 0 }));
      expect(new Set(ids()).size).toBe(250);
      expect(ids()).toHaveLength(750);
    });
  });
}
