import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { inBatches } from '../../src/index.js';
import { albumEvent, depthOf, photoEvent, recorder, type Suite, TOPOLOGY } from './suite.js';

class AwayError extends Error {}

const isOutage = (error: unknown): boolean => error instanceof AwayError;
const QUICK = { maxAttempts: 3, baseDelaySeconds: 1, maxDelaySeconds: 1 };

/** A dependency of the handlers that is away: the database of a service, for example. */
export function describeDependencies({ bus: createBus }: Suite): void {
  describe('a dependency of the handlers that is away', () => {
    test('uses up no attempt of an event, however often it fails', async () => {
      const outcomes: string[] = [];
      const bus = await createBus(TOPOLOGY, {
        retry: QUICK,
        observer: { settled: (_queue, _type, outcome) => outcomes.push(outcome) },
      });
      const { handler, seen } = recorder(() => {
        if (seen.length <= QUICK.maxAttempts + 1) throw new AwayError('the database is away');
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1, isOutage });
      const event = albumEvent();
      await bus.publish([event]);
      await eventually(() => expect(outcomes).toContain('done'));
      expect(outcomes).toEqual([...Array(QUICK.maxAttempts + 1).fill('postponed'), 'done']);
      expect(seen.map(({ attempt }) => attempt)).toEqual(Array(QUICK.maxAttempts + 2).fill(1));
      expect(seen.map((entry) => entry.event)).toEqual(seen.map(() => event));
      await eventually(async () =>
        expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 0 }),
      );
    });

    test('saves no event whose own failures are the last: those count before and after', async () => {
      const bus = await createBus(TOPOLOGY, { retry: QUICK });
      const { handler, seen } = recorder(() => {
        throw seen.length === 2 ? new AwayError('the store is away') : new TypeError('poison');
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1, isOutage });
      await bus.publish([albumEvent()]);
      await eventually(async () =>
        expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 1 }),
      );
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 3]);
      expect((await bus.deadLetters('one.albums', 1))[0]?.reason).toBe('TypeError: poison');
    });

    test('makes the consumer of the queue pause, which no other queue and no shutdown waits for', async () => {
      const retry = { maxAttempts: 3, baseDelaySeconds: 3600, maxDelaySeconds: 3600 };
      const bus = await createBus(TOPOLOGY, { retry });
      const away = recorder(() => {
        throw new AwayError('the database is away');
      });
      const fine = recorder();
      const photos = { 'photo.trashed': fine.handler, 'photo.purged': fine.handler };
      await bus.consume('one.albums', { 'album.deleted': away.handler }, { concurrency: 1, isOutage });
      await bus.consume('two.photos', photos, { concurrency: 1, isOutage });
      await bus.publish(Array.from({ length: 10 }, () => albumEvent()));
      // The first failure may be that of one event, the second begins the pause.
      await eventually(() => expect(away.seen).toHaveLength(2));
      for (let count = 1; count <= 3; count += 1) {
        await bus.publish([albumEvent(), photoEvent()]);
        await eventually(() => expect(fine.seen).toHaveLength(count));
      }
      expect(away.seen).toHaveLength(2);
      await bus.close();
    });

    test('is not over because an event fails for another reason', async () => {
      const retry = { maxAttempts: 3, baseDelaySeconds: 3600, maxDelaySeconds: 3600 };
      const bus = await createBus(TOPOLOGY, { retry });
      const away = recorder(() => {
        throw away.seen.length === 2 ? new TypeError('poison') : new AwayError('the database is away');
      });
      const fine = recorder();
      const photos = { 'photo.trashed': fine.handler, 'photo.purged': fine.handler };
      await bus.consume('one.albums', { 'album.deleted': away.handler }, { concurrency: 1, isOutage });
      await bus.consume('two.photos', photos, { concurrency: 1, isOutage });
      await bus.publish(Array.from({ length: 6 }, () => albumEvent()));
      await eventually(() => expect(away.seen).toHaveLength(3));
      for (let count = 1; count <= 3; count += 1) {
        await bus.publish([albumEvent(), photoEvent()]);
        await eventually(() => expect(fine.seen).toHaveLength(count));
      }
      expect(away.seen).toHaveLength(3);
      await bus.close();
    });

    test('that is the fault of one event does not keep the others of its batch from being handled', async () => {
      const bus = await createBus(TOPOLOGY, { retry: QUICK });
      const events = Array.from({ length: 5 }, () => albumEvent());
      const [poison, ...good] = events.map(({ id }) => id);
      const done = new Set<string>();
      const handler = inBatches<'album.deleted'>(10, async (batch) => {
        if (batch.some(({ id }) => id === poison)) throw new AwayError('the database has ended its process');
        for (const { id } of batch) done.add(id);
      });
      await bus.publish(events);
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1, isOutage });
      await eventually(() => expect([...done].sort()).toEqual(good.sort()));
      expect(await depthOf(bus, 'one.albums')).toMatchObject({ deadLetters: 0 });
    });

    test('makes a batch fail as one: its events are not tried one by one', async () => {
      const bus = await createBus(TOPOLOGY, { retry: QUICK });
      const sizes: number[] = [];
      let isAway = true;
      const handler = inBatches<'album.deleted'>(10, async (events) => {
        sizes.push(events.length);
        if (isAway) throw new AwayError('the database is away');
      });
      const events = Array.from({ length: 5 }, () => albumEvent());
      await bus.publish(events);
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1, isOutage });
      await eventually(() => expect(sizes.length).toBeGreaterThanOrEqual(2));
      expect(sizes.slice(0, 2).reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(events.length);
      isAway = false;
      await eventually(async () =>
        expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 0 }),
      );
    });
  });
}
