import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, createGate, depthOf, hasNotEnded, recorder, type Suite, TOPOLOGY } from './suite.js';

export function describeShutdown({ bus: createBus }: Suite): void {
  describe('shutdown', () => {
    test('close waits for the running handlers, and takes nothing more', async () => {
      const bus = await createBus();
      let finished = 0;
      const gate = createGate();
      const { handler, seen } = recorder(async () => {
        await gate.opened;
        finished += 1;
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 2 });
      const events = Array.from({ length: 5 }, () => albumEvent());
      await bus.publish(events);
      await eventually(() => expect(seen).toHaveLength(2));
      const closed = bus.close();
      await hasNotEnded(closed, createBus);
      gate.open();
      await closed;
      expect(finished).toBe(2);
      expect(seen).toHaveLength(2);

      // What was done stays done, the rest is still there.
      const next = await createBus();
      expect(await depthOf(next, 'one.albums')).toMatchObject({ pending: 3, deadLetters: 0 });
      const rest = recorder();
      await next.consume('one.albums', { 'album.deleted': rest.handler }, { concurrency: 1 });
      await eventually(() =>
        expect([...seen.map(({ event }) => event.id), ...rest.ids()].sort()).toEqual(
          events.map(({ id }) => id).sort(),
        ),
      );
    });

    test('a handler that does not end in time is aborted, and its event is delivered again', async () => {
      const bus = await createBus(TOPOLOGY, { drainMs: 1000 });
      let aborted = false;
      const { handler, seen } = recorder(
        (_entry, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('aborted'));
            });
          }),
      );
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
      const event = albumEvent();
      await bus.publish([event]);
      await eventually(() => expect(seen).toHaveLength(1));
      await bus.close();
      expect(aborted).toBe(true);

      const next = await createBus();
      const again = recorder();
      await next.consume('one.albums', { 'album.deleted': again.handler }, { concurrency: 1 });
      await eventually(() => expect(again.ids()).toEqual([event.id]));
    });

    test('drain waits for the running handlers, takes nothing more, and publishing continues', async () => {
      const bus = await createBus();
      let finished = 0;
      const gate = createGate();
      const { handler, seen } = recorder(async () => {
        await gate.opened;
        finished += 1;
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
      await bus.publish([albumEvent()]);
      await eventually(() => expect(seen).toHaveLength(1));
      const drained = bus.drain();
      await hasNotEnded(drained, createBus);
      gate.open();
      await drained;
      expect(finished).toBe(1);
      const event = albumEvent();
      await bus.publish([event]);
      // A consumer of another queue receives the event that this one would have received as well.
      const elsewhere = await createBus(TOPOLOGY, { isBeside: true });
      const witness = recorder();
      await elsewhere.consume('two.albums', { 'album.deleted': witness.handler }, { concurrency: 1 });
      await eventually(() => expect(witness.ids()).toContain(event.id));
      expect(seen).toHaveLength(1);
      expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 1 });
      await bus.drain();
      await bus.close();
      expect(seen).toHaveLength(1);
    });

    test('closing twice, and before anything was consumed, is harmless', async () => {
      const bus = await createBus();
      await bus.close();
      await bus.close();
    });

    test('a closed bus publishes nothing and says so', async () => {
      const bus = await createBus();
      await bus.close();
      await expect(bus.publish([albumEvent()])).rejects.toThrow();
      await expect(bus.ready()).rejects.toThrow();
    });
  });
}
