import { describe, expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import type { EventBus } from '../../src/index.js';
import { albumEvent, photoEvent, sleep } from '../../src/testing/suite.js';
import type { Harness } from './harness.js';

const EVENTS = 300;
const BATCH = 10;
const PATIENTLY = { timeoutMs: 90_000, intervalMs: 100 };
const RETRY = { maxAttempts: 10, baseDelaySeconds: 1, maxDelaySeconds: 2 };

/** As an outbox does: what was refused stays, and is published again. */
async function publishAll(bus: EventBus, events: AnyEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += BATCH) {
    const batch = events.slice(start, start + BATCH);
    await eventually(() => bus.publish(batch), PATIENTLY);
    await sleep(20);
  }
}

/** Consumers whose effects, like those of a database with an inbox, come about once for each event. */
function createEffects() {
  const effects: string[] = [];
  const seen = new Set<string>();
  return {
    effects,
    consume: (bus: EventBus, queue: string, concurrency: number) =>
      bus.consume(
        queue,
        async (event, { attempt }) => {
          await sleep(15);
          if (attempt === 1 && event.id < '2') throw new Error('not yet');
          const key = `${queue} ${event.id}`;
          if (seen.has(key)) return;
          seen.add(key);
          effects.push(key);
        },
        { concurrency },
      ),
  };
}

export function describeRestarts({ broker, createBus }: Harness): void {
  describe('a broker that is restarted', () => {
    test('in an orderly way and by kill -9 amid a run, loses and doubles nothing', async () => {
      if (!broker.server.canRestart) return; // it belongs to others as well
      const url = broker.server.url;
      const { effects, consume } = createEffects();
      for (let process = 0; process < 2; process += 1) {
        const bus = await createBus({ url, retry: RETRY });
        await consume(bus, 'one.albums', 3);
        await consume(bus, 'two.albums', 2);
        await consume(bus, 'two.photos', 1);
      }
      const events = Array.from({ length: EVENTS }, (_, index) =>
        index % 3 === 0 ? photoEvent() : albumEvent(),
      );
      const publisher = await createBus({ url, retry: RETRY });
      const publishing = publishAll(publisher, events);
      await eventually(() => expect(effects.length).toBeGreaterThan(100), PATIENTLY);
      await broker.server.restart();
      const before = effects.length;
      await eventually(() => expect(effects.length).toBeGreaterThan(before + 50), PATIENTLY);
      await broker.server.kill();
      await broker.server.restart();
      await publishing;

      const expected = events.flatMap(({ id, type }) =>
        type === 'album.deleted' ? [`one.albums ${id}`, `two.albums ${id}`] : [`two.photos ${id}`],
      );
      await eventually(() => expect(effects.length).toBe(expected.length), PATIENTLY);
      expect(effects.sort()).toEqual(expected.sort());
      const empty = (await broker.server.queues()).map(({ name }) => ({ name, messages: 0 }));
      await eventually(async () => expect(await broker.server.queues()).toEqual(empty), PATIENTLY);
      for (const depth of await publisher.depths())
        expect(depth).toMatchObject({ pending: 0, deadLetters: 0 });
    }, 240_000);
  });
}
