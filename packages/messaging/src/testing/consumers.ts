import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, recorder, type Suite, settleDown, sleep } from './suite.js';

export function describeConsumers({ bus: createBus }: Suite): void {
  describe('consumers', () => {
    for (const concurrency of [1, 3]) {
      test(`${concurrency} handlers run at a time, never more`, async () => {
        const bus = await createBus();
        let running = 0;
        let most = 0;
        const { handler, seen } = recorder(async () => {
          running += 1;
          most = Math.max(most, running);
          await sleep(100);
          running -= 1;
        });
        await bus.consume('one.albums', handler, { concurrency });
        await bus.publish(Array.from({ length: 12 }, () => albumEvent()));
        await eventually(() => expect(seen).toHaveLength(12));
        await eventually(() => expect(running).toBe(0));
        expect(most).toBe(concurrency);
      });
    }

    test('a slow queue does not hold up another one', async () => {
      const bus = await createBus();
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const slow = recorder(() => gate);
      const quick = recorder();
      await bus.consume('one.albums', slow.handler, { concurrency: 1 });
      await bus.consume('two.albums', quick.handler, { concurrency: 1 });
      await bus.publish([albumEvent(), albumEvent(), albumEvent()]);
      await eventually(() => expect(quick.seen).toHaveLength(3));
      expect(slow.seen.length).toBeLessThanOrEqual(1);
      release();
      await eventually(() => expect(slow.seen).toHaveLength(3));
    });

    test('two processes share the work of a queue, and each event is settled once', async () => {
      const settled: string[] = [];
      const observer = { settled: (_queue: string, _type: string, outcome: string) => settled.push(outcome) };
      const work = recorder(() => sleep(20));
      const counts = [0, 0];
      for (const index of [0, 1]) {
        const bus = await createBus(undefined, { observer });
        await bus.consume(
          'one.albums',
          async (event, delivery) => {
            counts[index] = (counts[index] ?? 0) + 1;
            await work.handler(event, delivery);
          },
          { concurrency: 2 },
        );
      }
      const events = Array.from({ length: 100 }, () => albumEvent());
      await (await createBus()).publish(events);
      await eventually(() => expect(settled).toHaveLength(100), { timeoutMs: 20_000 });
      await settleDown();
      expect(settled).toEqual(Array.from({ length: 100 }, () => 'done'));
      expect(work.ids().sort()).toEqual(events.map(({ id }) => id).sort());
      for (const count of counts) expect(count).toBeGreaterThan(0);
    });
  });
}
