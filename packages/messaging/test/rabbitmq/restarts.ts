import { describe, expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import {
  albumEvent,
  createGate,
  forEveryType,
  photoEvent,
  type TestBus,
  type TOPOLOGY,
} from '../conformance/suite.js';
import type { Harness } from './harness.js';

/** Published before, during and after the first restart each. */
const EVENTS = 100;
const BATCH = 10;
const RETRY = { maxAttempts: 10, baseDelaySeconds: 1, maxDelaySeconds: 2 };

const eventsOf = (count: number): AnyEvent[] =>
  Array.from({ length: count }, (_, index) => (index % 3 === 0 ? photoEvent() : albumEvent()));

/** Publishes as an outbox does: what was rejected is published again. */
async function publishAll(bus: TestBus, events: AnyEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += BATCH) {
    const batch = events.slice(start, start + BATCH);
    await eventually(() => bus.publish(batch));
  }
}

/** Consumers that have one effect for each event, like those of a database with an inbox. */
function createEffects() {
  const effects: string[] = [];
  const seen = new Set<string>();
  let hold:
    | { from: number; held: ReturnType<typeof createGate>; gate: ReturnType<typeof createGate> }
    | undefined;
  return {
    effects,
    /** After so many more effects no handler ends until `release`; `held` resolves when the first is under way. */
    holdAfter: (more: number) => {
      const [held, gate] = [createGate(), createGate()];
      hold = { from: effects.length + more, held, gate };
      return { held: held.opened, release: gate.open };
    },
    consume: (bus: TestBus, queue: keyof typeof TOPOLOGY, concurrency: number) =>
      bus.consume(
        queue,
        forEveryType(queue, async (event: AnyEvent, { attempt }) => {
          if (hold && effects.length >= hold.from) {
            hold.held.open();
            await hold.gate.opened;
          }
          if (attempt === 1 && event.id < '2') throw new Error('not yet');
          const key = `${queue} ${event.id}`;
          if (seen.has(key)) return;
          seen.add(key);
          effects.push(key);
        }),
        { concurrency },
      ),
  };
}

export function describeRestarts({ broker, createBus }: Harness): void {
  describe('a broker that is restarted', () => {
    test('in an orderly way and by kill -9 during a run, loses and doubles nothing', async () => {
      if (!broker.server.canRestart) return; // it belongs to others as well
      const url = broker.server.url;
      const { effects, holdAfter, consume } = createEffects();
      for (let process = 0; process < 2; process += 1) {
        const bus = await createBus({ url, retry: RETRY });
        await consume(bus, 'one.albums', 3);
        await consume(bus, 'two.albums', 2);
        await consume(bus, 'two.photos', 1);
      }
      const [first, second, third] = [eventsOf(EVENTS), eventsOf(EVENTS), eventsOf(EVENTS)];
      const events = [...first, ...second, ...third];
      const publisher = await createBus({ url, retry: RETRY });

      const restart = holdAfter(EVENTS / 2);
      const publishing = [publishAll(publisher, first)];
      await restart.held;
      publishing.push(publishAll(publisher, second));
      await broker.server.shutDown();
      restart.release();
      await broker.server.restart();

      const crash = holdAfter(EVENTS / 2);
      publishing.push(publishAll(publisher, third));
      await crash.held;
      await broker.server.kill();
      crash.release();
      await broker.server.restart();
      await Promise.all(publishing);

      const expected = events.flatMap(({ id, type }) =>
        type === 'album.deleted' ? [`one.albums ${id}`, `two.albums ${id}`] : [`two.photos ${id}`],
      );
      await eventually(() => expect(effects.length).toBe(expected.length));
      expect(effects.sort()).toEqual(expected.sort());
      const empty = (await broker.server.queues()).map(({ name }) => ({ name, messages: 0 }));
      await eventually(async () => expect(await broker.server.queues()).toEqual(empty));
      await eventually(async () => {
        for (const depth of await publisher.depths())
          expect(depth).toMatchObject({ pending: 0, deadLetters: 0 });
      });
    });
  });
}
