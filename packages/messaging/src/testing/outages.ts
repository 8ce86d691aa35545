import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, depthOf, recorder, type Suite, TOPOLOGY } from './suite.js';

/** Clients reconnect with growing pauses. */
const RECONNECTED = { timeoutMs: 45_000, intervalMs: 200 };

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
      await eventually(() => bus.ready(), RECONNECTED);
      const event = albumEvent();
      await eventually(() => bus.publish([event]), RECONNECTED);
      expect((await depthOf(bus, 'one.albums'))?.pending).toBeGreaterThanOrEqual(1);
    });

    test('a bus cannot be created without its broker', async () => {
      await cut();
      await expect(
        create(TOPOLOGY, {
          retry: { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 },
          observer: {},
          drainMs: 1000,
        }),
      ).rejects.toThrow();
    });

    test('a consumer goes on after an outage', async () => {
      const faults: unknown[] = [];
      const consumer = await createBus(TOPOLOGY, { observer: { fault: (error) => faults.push(error) } });
      const { handler, ids } = recorder();
      await consumer.consume('one.albums', handler, { concurrency: 1 });
      const before = albumEvent();
      await consumer.publish([before]);
      await eventually(() => expect(ids()).toEqual([before.id]));
      await cut();
      await eventually(() => expect(faults.length).toBeGreaterThan(0));
      await mend();
      const after = albumEvent();
      await eventually(() => consumer.publish([after]), RECONNECTED);
      await eventually(() => expect(ids()).toContain(after.id), RECONNECTED);
    });

    test('an event whose handler ends during an outage is settled or comes again', async () => {
      const bus = await createBus();
      const { handler, seen } = recorder(async ({ attempt }) => {
        if (attempt === 1) await cut();
      });
      await bus.consume('one.albums', handler, { concurrency: 1 });
      // The handler may be quicker than the answer to the publisher.
      await bus.publish([albumEvent()]).catch(() => undefined);
      await eventually(() => expect(seen).toHaveLength(1));
      await mend();
      await eventually(
        async () => expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 0 }),
        RECONNECTED,
      );
    });

    test('closing without a broker ends', async () => {
      const bus = await createBus();
      await bus.consume('one.albums', async () => undefined, { concurrency: 2 });
      await cut();
      await bus.close();
    });
  });
}
