import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { BusUnavailableError } from '../../src/index.js';
import { albumEvent, createGate, depthOf, photoEvent, recorder, TOPOLOGY } from '../conformance/suite.js';
import { createFaultyNetwork, type FaultyNetwork } from './faulty-network.js';
import type { Harness } from './harness.js';

const QUEUE = 'one.albums';

export function describeOutages({ broker, createBus }: Harness): void {
  describe('a connection that breaks', () => {
    test('aborts the handlers; one that still runs keeps its place, and its event is not handled a second time meanwhile', async () => {
      const bus = await createBus();
      const gate = createGate();
      const running = new Set<string>();
      const signals: AbortSignal[] = [];
      let twice = 0;
      let most = 0;
      const { handler, ids } = recorder(async ({ event }, signal) => {
        if (running.has(event.id)) twice += 1;
        running.add(event.id);
        most = Math.max(most, running.size);
        signals.push(signal);
        if (signals.length <= 2) await gate.opened; // ignores the signal
        running.delete(event.id);
      });
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 2 });
      const events = [albumEvent(), albumEvent(), albumEvent(), albumEvent()];
      await bus.publish(events);
      await eventually(() => expect(running.size).toBe(2));
      await broker.cut();
      await eventually(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]));
      await broker.mend();
      await eventually(() => bus.ready());
      // They are delivered again, and wait for a free handler: four are unacknowledged, two are in the queue.
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 6 }));
      expect(signals).toHaveLength(2);
      gate.open();
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0 }));
      expect(new Set(ids())).toEqual(new Set(events.map(({ id }) => id)));
      expect(ids()).toHaveLength(6);
      expect({ twice, most }).toEqual({ twice: 0, most: 2 });
    });
  });

  describe('a broker that accepts nothing', () => {
    let network: FaultyNetwork;
    beforeEach(async () => {
      network = await createFaultyNetwork(broker.server.url);
    });
    afterEach(() => network.close());

    test('because it is short of memory: the bus rejects at once, and continues afterwards', async () => {
      const bus = await createBus({ url: network.url });
      await bus.ready();
      network.block('low on memory');
      await eventually(() => expect(bus.ready()).rejects.toThrow('low on memory'));
      await expect(bus.publish([albumEvent()])).rejects.toThrow(BusUnavailableError);
      network.unblock();
      await eventually(() => bus.ready());
      await bus.publish([albumEvent()]);
      expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 1 });
    });

    test('and does not respond: neither publish nor ready waits without end', async () => {
      const bus = await createBus({ url: network.url });
      network.silence();
      const publishing = bus.publish([albumEvent()]);
      await expect(bus.ready()).rejects.toThrow('has not responded');
      await expect(publishing).rejects.toThrow('has not confirmed');
      network.speak();
      await eventually(() => bus.publish([albumEvent()]));
    });
  });

  test('a consumer that pauses in an outage of its handlers holds nothing', async () => {
    const retry = { maxAttempts: 3, baseDelaySeconds: 3600, maxDelaySeconds: 3600 };
    const bus = await createBus({ retry });
    const { handler, seen } = recorder(async () => {
      await bus.depths(); // the others have arrived meanwhile
      throw new Error('the database is away');
    });
    const unused = { batch: 10, handle: async () => [] };
    const handlers = { 'photo.trashed': handler, 'photo.purged': unused };
    await bus.publish(Array.from({ length: 5 }, () => photoEvent()));
    await bus.consume('two.photos', handlers, { concurrency: 1, isOutage: () => true });
    await eventually(async () =>
      expect(await bus.depths()).toEqual(
        expect.arrayContaining([
          { queue: 'two.photos', pending: 0, deadLetters: 0 },
          { queue: 'lazyphotos.retry', pending: 5, deadLetters: 0 },
        ]),
      ),
    );
    expect(seen).toHaveLength(2);
  });

  test('a large batch reaches its queues as one', async () => {
    const bus = await createBus();
    await bus.publish(Array.from({ length: 5000 }, () => albumEvent()));
    const depths = await bus.depths();
    expect(depths.map(({ queue, pending }) => [queue, pending])).toEqual([
      ...Object.keys(TOPOLOGY).map((queue) => [queue, queue === 'two.photos' ? 0 : 5000]),
      ['lazyphotos.retry', 0],
    ]);
  });
}
