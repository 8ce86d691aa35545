import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import {
  albumEvent,
  busyQueues,
  depthOf,
  forEveryType,
  nothingMoreFrom,
  photoEvent,
  recorder,
  type Suite,
  TOPOLOGY,
  unwantedEvent,
} from './suite.js';

const ONE_AT_A_TIME = { concurrency: 1 };
const QUEUES = ['one.albums', 'two.albums', 'two.photos'] as const;

export function describeDelivery({ bus: createBus, isAlone }: Suite): void {
  describe('delivery', () => {
    test('an event reaches every queue that delivers its type, once, and no other', async () => {
      const bus = await createBus();
      const got = { 'one.albums': recorder(), 'two.albums': recorder(), 'two.photos': recorder() };
      for (const queue of QUEUES)
        await bus.consume(queue, forEveryType(queue, got[queue].handler), ONE_AT_A_TIME);
      const album = albumEvent();
      const [trashed, purged] = [photoEvent('photo.trashed'), photoEvent('photo.purged')];
      await bus.publish([album, trashed, unwantedEvent()]);
      await bus.publish([purged]);
      await eventually(() => {
        expect(got['one.albums'].ids()).toEqual([album.id]);
        expect(got['two.albums'].ids()).toEqual([album.id]);
        expect(got['two.photos'].ids().sort()).toEqual([trashed.id, purged.id].sort());
      });
      await nothingMoreFrom(Object.keys(got), [bus], createBus);
      expect(Object.values(got).map(({ seen }) => seen.length)).toEqual([1, 1, 2]);
    });

    test('what was published arrives as it was, with its id and request id', async () => {
      const bus = await createBus();
      const { handler, seen } = recorder();
      await bus.consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      const events = [albumEvent({ requestId: 'a-request' }), albumEvent()];
      await bus.publish(events);
      await eventually(() => expect(seen).toHaveLength(2));
      for (const event of events) expect(seen.map((entry) => entry.event)).toContainEqual(event);
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1]);
    });

    test('a queue keeps what comes before its consumer starts', async () => {
      const publisher = await createBus();
      const events = [albumEvent(), albumEvent()];
      await publisher.publish(events);
      expect(await depthOf(publisher, 'two.albums')).toMatchObject({ pending: 2, deadLetters: 0 });
      await publisher.close();

      const consumer = await createBus();
      const { handler, ids } = recorder();
      await consumer.consume('two.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      await eventually(() => expect(ids().sort()).toEqual(events.map(({ id }) => id).sort()));
    });

    test('an event that no queue delivers is no error, and neither is an empty list', async () => {
      const bus = await createBus();
      await bus.publish([unwantedEvent()]);
      await bus.publish([]);
      expect(await busyQueues(bus)).toEqual([]);
    });

    test('a thousand events in one batch all arrive, without a pause between them', async () => {
      const bus = await createBus();
      const { handler, ids } = recorder();
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 4 });
      const events = Array.from({ length: 1000 }, () => albumEvent());
      await bus.publish(events);
      await eventually(() => expect(new Set(ids()).size).toBe(1000));
      await eventually(async () => expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0 }));
      expect(ids()).toHaveLength(1000);
    });

    test('an idle consumer gets an event at once', async () => {
      const bus = await createBus(TOPOLOGY, { neverPolls: true });
      const { handler, seen } = recorder();
      await bus.consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      for (let round = 1; round <= 5; round += 1) {
        await eventually(async () => expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0 }));
        await bus.publish([albumEvent()]);
        await eventually(() => expect(seen).toHaveLength(round));
      }
    });

    test('a queue that is not in the topology cannot be consumed', async () => {
      const bus = await createBus();
      // @ts-expect-error: no queue of the topology
      const consuming = bus.consume('no.queue', {}, ONE_AT_A_TIME);
      await expect(consuming).rejects.toThrow('no such queue: no.queue');
    });

    if (isAlone) return;
    test('an idle consumer gets an event of another process at once', async () => {
      const [publisher, consumer] = [await createBus(), await createBus(TOPOLOGY, { neverPolls: true })];
      const { handler, seen } = recorder();
      await consumer.consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      // In each round the consumer is idle: it has found the queue empty.
      for (let round = 1; round <= 5; round += 1) {
        await eventually(async () =>
          expect(await depthOf(consumer, 'one.albums')).toMatchObject({ pending: 0 }),
        );
        await publisher.publish([albumEvent()]);
        await eventually(() => expect(seen).toHaveLength(round));
      }
    });

    test('declaring the same queues again, and from several processes at once, loses nothing', async () => {
      const first = await Promise.all([createBus(), createBus(), createBus()]);
      const event = albumEvent();
      await first[0].publish([event]);
      const later = await Promise.all([
        createBus(TOPOLOGY, { retry: { maxAttempts: 7, baseDelaySeconds: 5, maxDelaySeconds: 50 } }),
        createBus(),
      ]);
      expect(await depthOf(later[0], 'one.albums')).toMatchObject({ pending: 1 });
      const { handler, ids } = recorder();
      await later[1].consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      await eventually(() => expect(ids()).toEqual([event.id]));
    });
  });
}
