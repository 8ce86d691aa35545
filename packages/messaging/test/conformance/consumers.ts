import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, createGate, nothingMoreFrom, recorder, type Suite } from './suite.js';

export function describeConsumers({ bus: createBus, isAlone }: Suite): void {
  describe('consumers', () => {
    for (const concurrency of [1, 3]) {
      test(`${concurrency} handlers run at a time, never more`, async () => {
        const bus = await createBus();
        const running: (() => void)[] = [];
        let most = 0;
        const { handler, seen } = recorder(async () => {
          const gate = createGate();
          running.push(gate.open);
          most = Math.max(most, running.length);
          await gate.opened;
        });
        await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency });
        await bus.publish(Array.from({ length: 12 }, () => albumEvent()));
        for (let left = 12; left > 0; left -= 1) {
          await eventually(() => expect(running).toHaveLength(Math.min(concurrency, left)));
          running.shift()?.();
        }
        await nothingMoreFrom(['one.albums'], [bus], createBus);
        expect(seen).toHaveLength(12);
        expect(most).toBe(concurrency);
      });
    }

    test('a slow queue does not delay another one', async () => {
      const bus = await createBus();
      const gate = createGate();
      const slow = recorder(() => gate.opened);
      const quick = recorder();
      await bus.consume('one.albums', { 'album.deleted': slow.handler }, { concurrency: 1 });
      await bus.consume('two.albums', { 'album.deleted': quick.handler }, { concurrency: 1 });
      await bus.publish([albumEvent(), albumEvent(), albumEvent()]);
      await eventually(() => expect(quick.seen).toHaveLength(3));
      expect(slow.seen.length).toBeLessThanOrEqual(1);
      gate.open();
      await eventually(() => expect(slow.seen).toHaveLength(3));
    });

    if (isAlone) return;
    test('two processes share the work of a queue, and each event is settled once', async () => {
      const settled: string[] = [];
      const observer = { settled: (_queue: string, _type: string, outcome: string) => settled.push(outcome) };
      const bothAtWork = createGate();
      const work = recorder(() => bothAtWork.opened);
      const counts = [0, 0];
      const buses = [await createBus(undefined, { observer }), await createBus(undefined, { observer })];
      for (const [index, bus] of buses.entries()) {
        await bus.consume(
          'one.albums',
          {
            'album.deleted': async (event, delivery) => {
              counts[index] = (counts[index] ?? 0) + 1;
              if (!counts.includes(0)) bothAtWork.open();
              await work.handler(event, delivery);
            },
          },
          { concurrency: 2 },
        );
      }
      const events = Array.from({ length: 100 }, () => albumEvent());
      await (await createBus()).publish(events);
      await eventually(() => expect(settled).toHaveLength(100));
      await nothingMoreFrom(['one.albums'], buses, createBus);
      expect(settled).toEqual(Array.from({ length: 100 }, () => 'done'));
      expect(work.ids().sort()).toEqual(events.map(({ id }) => id).sort());
    });
  });
}
