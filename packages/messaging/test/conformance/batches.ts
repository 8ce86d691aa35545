import { describe, expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import type { BatchHandler, EventDelivery, EventHandler, EventResult } from '../../src/port.js';
import {
  albumEvent,
  createGate,
  depthOf,
  forEveryType,
  hasNotEnded,
  nothingMoreFrom,
  photoEvent,
  recorder,
  type Suite,
  type TestBus,
  TOPOLOGY,
} from './suite.js';

const QUEUE = 'one.albums';
const ONE_AT_A_TIME = { concurrency: 1 };

interface Call {
  ids: string[];
  attempts: number[];
}
type Deliveries = readonly EventDelivery<'album.deleted'>[];
type Act = (deliveries: Deliveries) => Promise<readonly EventResult[]>;

const allDone: Act = async (deliveries) => deliveries.map(() => 'done');

/** A batch handler that records its calls. Its first call waits for `release`, so that later events wait together. */
function batches(batch: number, act: Act = allDone) {
  const calls: Call[] = [];
  const gate = createGate();
  const handler: BatchHandler<'album.deleted'> = {
    batch,
    handle: async (deliveries) => {
      calls.push({
        ids: deliveries.map(({ event }) => event.id),
        attempts: deliveries.map(({ attempt }) => attempt),
      });
      if (calls.length === 1) await gate.opened;
      return act(deliveries);
    },
  };
  return { calls, handlers: { 'album.deleted': handler }, release: gate.open };
}

/** Publishes one event that the held call takes, and then the others, which wait together. */
async function publishBehindHeldCall(
  bus: TestBus,
  calls: Call[],
  events: readonly AnyEvent[],
): Promise<void> {
  await bus.publish([albumEvent()]);
  await eventually(() => expect(calls).toHaveLength(1));
  await bus.publish(events);
  await bus.ready();
}

const idsOf = (events: readonly AnyEvent[]) => events.map(({ id }) => id).sort();
const albumEvents = (length: number) => Array.from({ length }, () => albumEvent());

export function describeBatches({ bus: createBus }: Suite): void {
  describe('batches', () => {
    test('a call takes the events that wait, up to its size; an event that is alone does not wait for others', async () => {
      const bus = await createBus(TOPOLOGY, { neverPolls: true });
      const { calls, handlers, release } = batches(5);
      await bus.consume(QUEUE, handlers, ONE_AT_A_TIME);
      const events = albumEvents(23);
      await publishBehindHeldCall(bus, calls, events);
      expect(calls[0]?.ids).toHaveLength(1);
      release();
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0 }));
      await nothingMoreFrom([QUEUE], [bus], createBus);
      const sizes = calls.map(({ ids }) => ids.length);
      expect(Math.max(...sizes)).toBe(5);
      expect(
        calls
          .slice(1)
          .flatMap(({ ids }) => ids)
          .sort(),
      ).toEqual(idsOf(events));
    });

    test('several batches run at a time, never more than allowed', async () => {
      const bus = await createBus();
      let [running, most] = [0, 0];
      const gate = createGate();
      const { calls, handlers, release } = batches(4, async (deliveries) => {
        running += 1;
        most = Math.max(most, running);
        await gate.opened;
        running -= 1;
        return allDone(deliveries);
      });
      release();
      await bus.consume(QUEUE, handlers, { concurrency: 2 });
      const events = albumEvents(30);
      await bus.publish(events);
      await eventually(() => expect(running).toBe(2));
      gate.open();
      await eventually(() => expect(calls.flatMap(({ ids }) => ids).sort()).toEqual(idsOf(events)));
      expect(most).toBe(2);
    });

    test('have events of one type only, beside a handler for single events', async () => {
      const bus = await createBus();
      const events = Array.from({ length: 12 }, (_, index) =>
        photoEvent(index % 2 ? 'photo.trashed' : 'photo.purged'),
      );
      await bus.publish(events);
      const types = new Set<string>();
      const handled: string[] = [];
      const purged = recorder(({ event }) => handled.push(event.id));
      const trashed: BatchHandler<'photo.trashed'> = {
        batch: 4,
        handle: async (deliveries) =>
          deliveries.map(({ event }) => {
            types.add(event.type);
            handled.push(event.id);
            return 'done';
          }),
      };
      await bus.consume(
        'two.photos',
        { 'photo.trashed': trashed, 'photo.purged': purged.handler },
        ONE_AT_A_TIME,
      );
      await eventually(() => expect([...handled].sort()).toEqual(idsOf(events)));
      expect([...types]).toEqual(['photo.trashed']);
      expect(purged.seen.map(({ event }) => event.type)).toEqual(
        Array.from({ length: 6 }, () => 'photo.purged'),
      );
    });

    test('the end of a batch does not end an event of another type that waits among its own', async () => {
      const bus = await createBus(TOPOLOGY, { drainMs: 1000 });
      const gate = createGate();
      const [held, waiting] = [photoEvent('photo.purged'), photoEvent('photo.purged')];
      const batch = Array.from({ length: 3 }, () => photoEvent('photo.trashed'));
      const done: string[] = [];
      const started: string[] = [];
      const trashed: BatchHandler<'photo.trashed'> = {
        batch: 10,
        handle: async (deliveries) => {
          done.push(...deliveries.map(({ event }) => event.id));
          return deliveries.map(() => 'done');
        },
      };
      const purged: EventHandler<'photo.purged'> = async ({ id }, { signal }) => {
        started.push(id);
        if (id === held.id) return gate.opened;
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      };
      await bus.consume('two.photos', { 'photo.trashed': trashed, 'photo.purged': purged }, ONE_AT_A_TIME);
      await bus.publish([held]);
      await eventually(() => expect(started).toEqual([held.id]));
      const [first, ...others] = batch;
      for (const event of [first, waiting, ...others]) if (event) await bus.publish([event]);
      await bus.ready();
      gate.open();
      await eventually(() => expect(started).toEqual([held.id, waiting.id]));
      await bus.close();

      const next = await createBus();
      const again = recorder();
      await next.consume('two.photos', forEveryType('two.photos', again.handler), ONE_AT_A_TIME);
      await eventually(() => expect(again.seen.map(({ event }) => event.id)).toContain(waiting.id));
      await eventually(async () => expect(await depthOf(next, 'two.photos')).toMatchObject({ pending: 0 }));
      expect([...done, ...again.seen.map(({ event }) => event.id)]).toEqual(
        expect.arrayContaining([...idsOf(batch), waiting.id]),
      );
    });

    test('a failing event is retried alone, and its neighbours are done', async () => {
      const outcomes: string[] = [];
      const observer = {
        settled: (_queue: string, _type: string, outcome: string) => outcomes.push(outcome),
      };
      const bus = await createBus(TOPOLOGY, { observer });
      const poison = albumEvent();
      const { calls, handlers, release } = batches(10, async (deliveries) =>
        deliveries.map(({ event }) => (event.id === poison.id ? { error: new Error('poison') } : 'done')),
      );
      await bus.consume(QUEUE, handlers, ONE_AT_A_TIME);
      const neighbours = albumEvents(4);
      await publishBehindHeldCall(bus, calls, [...neighbours.slice(0, 2), poison, ...neighbours.slice(2)]);
      release();
      await eventually(async () =>
        expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0, deadLetters: 1 }),
      );
      const handled = calls.flatMap(({ ids }) => ids);
      for (const { id } of neighbours) expect(handled.filter((other) => other === id)).toHaveLength(1);
      expect(handled.filter((id) => id === poison.id)).toHaveLength(3);
      expect(await bus.deadLetters(QUEUE, 10)).toMatchObject([{ event: poison, reason: 'Error: poison' }]);
      expect(outcomes.sort()).toEqual([
        'dead_lettered',
        ...Array.from({ length: 5 }, () => 'done'),
        'retried',
        'retried',
      ]);
    });

    test('when a call throws, all its events are retried, each alone: only the cause becomes a dead letter', async () => {
      const bus = await createBus();
      const poison = albumEvent();
      const { calls, handlers, release } = batches(10, async (deliveries) => {
        if (deliveries.some(({ event }) => event.id === poison.id)) throw new Error('the whole batch');
        return allDone(deliveries);
      });
      await bus.consume(QUEUE, handlers, ONE_AT_A_TIME);
      const neighbours = albumEvents(4);
      await publishBehindHeldCall(bus, calls, [...neighbours.slice(0, 2), poison, ...neighbours.slice(2)]);
      release();
      await eventually(async () =>
        expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0, deadLetters: 1 }),
      );
      const together = calls.find(({ ids }) => ids.includes(poison.id));
      expect(together?.ids.length).toBeGreaterThan(1);
      for (const { ids, attempts } of calls)
        if (attempts.some((attempt) => attempt > 1)) expect(ids).toHaveLength(1);
      expect(await bus.deadLetters(QUEUE, 10)).toMatchObject([
        { event: poison, reason: 'Error: the whole batch' },
      ]);
    });

    test('a result too few fails the whole call', async () => {
      const retry = { maxAttempts: 1, baseDelaySeconds: 1, maxDelaySeconds: 1 };
      const bus = await createBus(TOPOLOGY, { retry });
      const { calls, handlers, release } = batches(3, async () => []);
      await bus.consume(QUEUE, handlers, ONE_AT_A_TIME);
      await publishBehindHeldCall(bus, calls, albumEvents(3));
      release();
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ deadLetters: 4 }));
      const reasons = (await bus.deadLetters(QUEUE, 10)).map(({ reason }) => reason);
      expect(reasons).toContainEqual('Error: a batch of 1 events has 0 results');
    });

    test('each event is surrounded by what is put around it, and fails there by its own result', async () => {
      const bus = await createBus();
      const events = [albumEvent(), albumEvent()] as const;
      const failing = events[0].id;
      const { calls, handlers, release } = batches(5, async (deliveries) =>
        deliveries.map(({ event, attempt }) =>
          event.id === failing && attempt === 1 ? { error: new Error('not yet') } : 'done',
        ),
      );
      const [begun, succeeded]: [string[], string[]] = [[], []];
      await bus.consume(QUEUE, handlers, {
        concurrency: 1,
        around: async ({ id }, handle) => {
          begun.push(id);
          await handle();
          succeeded.push(id);
        },
      });
      await publishBehindHeldCall(bus, calls, events);
      release();
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0 }));
      const held = calls[0]?.ids ?? [];
      expect([...begun].sort()).toEqual([...held, ...idsOf(events), failing].sort());
      expect([...succeeded].sort()).toEqual([...held, ...idsOf(events)].sort());
    });

    test('close waits for a running batch, and leaves the events that wait', async () => {
      const bus = await createBus();
      const events = albumEvents(9);
      await bus.publish(events);
      const { calls, handlers, release } = batches(3);
      await bus.consume(QUEUE, handlers, ONE_AT_A_TIME);
      await eventually(() => expect(calls).toHaveLength(1));
      const closed = bus.close();
      await hasNotEnded(closed, createBus);
      release();
      await closed;
      const handled = calls.flatMap(({ ids }) => ids);
      expect(calls).toHaveLength(1);
      const next = await createBus();
      expect(await depthOf(next, QUEUE)).toMatchObject({ pending: 9 - handled.length, deadLetters: 0 });
      const rest = recorder();
      await next.consume(QUEUE, { 'album.deleted': rest.handler }, ONE_AT_A_TIME);
      await eventually(() => expect([...handled, ...rest.ids()].sort()).toEqual(idsOf(events)));
      // No handler was given them before.
      expect(rest.seen.map(({ attempt }) => attempt)).toEqual(rest.seen.map(() => 1));
    });

    test('a batch that does not end in time is aborted by every signal, and its events are delivered again', async () => {
      const bus = await createBus(TOPOLOGY, { drainMs: 1000 });
      const events = albumEvents(3);
      await bus.publish(events);
      let aborted = 0;
      const { calls, handlers, release } = batches(3, async (deliveries) => {
        await Promise.all(
          deliveries.map(
            ({ signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
          ),
        );
        aborted = deliveries.length;
        throw new Error('aborted');
      });
      release();
      await bus.consume(QUEUE, handlers, ONE_AT_A_TIME);
      await eventually(() => expect(calls).toHaveLength(1));
      await bus.close();
      expect(aborted).toBe(calls[0]?.ids.length);
      const next = await createBus();
      const again = recorder();
      await next.consume(QUEUE, { 'album.deleted': again.handler }, ONE_AT_A_TIME);
      await eventually(() => expect(again.ids().sort()).toEqual(idsOf(events)));
    });
  });
}
