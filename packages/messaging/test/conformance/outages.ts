import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, DEFAULTS, depthOf, recorder, type Suite, TOPOLOGY } from './suite.js';

export function describeOutages({ bus: createBus, create, cut, mend }: Suite): void {
  describe('outages', () => {
    test('a bus that reaches its broker is ready', async () => {
      await (await createBus()).ready();
    });

    test('without its broker a bus is not ready and publishes nothing; with it, both work again', async () => {
      const faults: unknown[] = [];
      const bus = await createBus(TOPOLOGY, { observer: { fault: (error) => faults.push(error) } });
      await cut();
      await expect(bus.ready()).rejects.toThrow();
      await expect(bus.publish([albumEvent()])).rejects.toThrow();
      await expect(bus.depths()).rejects.toThrow();
      await mend();
      await eventually(() => bus.ready());
      const event = albumEvent();
      await eventually(() => bus.publish([event]));
      expect((await depthOf(bus, 'one.albums'))?.pending).toBeGreaterThanOrEqual(1);
    });

    test('a bus cannot be created without its broker', async () => {
      await cut();
      await expect(create(TOPOLOGY, DEFAULTS)).rejects.toThrow();
    });

    test('a consumer continues after an outage', async () => {
      const faults: unknown[] = [];
      const consumer = await createBus(TOPOLOGY, { observer: { fault: (error) => faults.push(error) } });
      const { handler, ids } = recorder();
      await consumer.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
      const before = albumEvent();
      await consumer.publish([before]);
      await eventually(() => expect(ids()).toEqual([before.id]));
      await cut();
      await eventually(() => expect(faults.length).toBeGreaterThan(0));
      await mend();
      const after = albumEvent();
      await eventually(() => consumer.publish([after]));
      await eventually(() => expect(ids()).toContain(after.id));
    });

    test('an event whose handler ends during an outage is settled or comes again', async () => {
      const bus = await createBus();
      const { handler, seen } = recorder(async ({ attempt }) => {
        if (attempt === 1) await cut();
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
      // The handler may be quicker than the response to the publisher.
      await bus.publish([albumEvent()]).catch(() => undefined);
      await eventually(() => expect(seen).toHaveLength(1));
      await mend();
      await eventually(async () =>
        expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 0 }),
      );
    });

    test('closing without a broker ends', async () => {
      const bus = await createBus(TOPOLOGY, { drainMs: 1000 });
      await bus.consume('one.albums', { 'album.deleted': async () => undefined }, { concurrency: 2 });
      await cut();
      await bus.close();
    });
  });
}
