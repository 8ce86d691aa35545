import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import pg from 'pg';
import {
  createPgBossBus,
  type EventDelivery,
  type EventResult,
  inBatches,
  type PgBossBusOptions,
} from '../src/index.js';
import { createTestBroker } from './broker.js';
import { albumEvent, createGate, depthOf, recorder, type TestBus, TOPOLOGY } from './conformance/suite.js';

const QUEUE = 'one.albums';
const RETRY = { maxAttempts: 3, baseDelaySeconds: 1, maxDelaySeconds: 1 };

/** Nobody else announces events, and no poll finds what a wake has missed. */
describeWithPostgres('a bus on pg-boss that is alone and never polls', () => {
  const broker = createTestBroker();
  const open: TestBus[] = [];
  beforeEach(() => broker.reset());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
  });
  afterAll(() => broker.close());

  const createBus = async (more: Partial<PgBossBusOptions<typeof TOPOLOGY>> = {}) => {
    const options = { url: broker.url(), topology: TOPOLOGY, retry: RETRY, exclusive: true };
    const bus = await createPgBossBus({ ...options, pollSeconds: 3600, ...more });
    open.push(bus);
    return bus;
  };
  const albumEvents = (length: number) => Array.from({ length }, () => albumEvent());
  const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id).sort();

  test.each([1, 2])(
    'delivers every event, one by one and many at once, to %s workers',
    async (concurrency) => {
      const bus = await createBus();
      const { handler, ids } = recorder();
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency });
      const events = albumEvents(60);
      for (const event of events.slice(0, 20)) await bus.publish([event]);
      await bus.publish(events.slice(20));
      await eventually(() => expect(ids().sort()).toEqual(idsOf(events)));
      const last = albumEvent();
      await bus.publish([last]);
      await eventually(() => expect(ids()).toContain(last.id));
    },
  );

  test('delivers more events than it remembers, and those of a predecessor', async () => {
    const predecessor = await createBus();
    const events = albumEvents(1200);
    await predecessor.publish(events.slice(0, 50));
    await predecessor.close();
    const bus = await createBus();
    const seen: string[] = [];
    const handler = inBatches<'album.deleted'>(100, async (batch) => {
      seen.push(...batch.map(({ id }) => id));
    });
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await bus.publish(events.slice(50));
    await eventually(() => expect([...seen].sort()).toEqual(idsOf(events)));
  });

  test('delivers what failed again, while other events come', async () => {
    const bus = await createBus();
    const done: string[] = [];
    const { handler } = recorder(({ event, attempt }) => {
      if (attempt === 1 && event.id === failing.id) throw new Error('not yet');
      done.push(event.id);
    });
    const failing = albumEvent();
    const others = albumEvents(10);
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await bus.publish([failing]);
    for (const event of others) await bus.publish([event]);
    await eventually(() => expect([...done].sort()).toEqual(idsOf([failing, ...others])));
  });

  test('a batch that fails is handled one by one: only the cause comes again', async () => {
    const bus = await createBus();
    const poison = albumEvent();
    const events = [...albumEvents(5), poison, ...albumEvents(5)];
    await bus.publish(events);
    const done: string[] = [];
    const handler = inBatches<'album.deleted'>(100, async (batch) => {
      if (batch.some(({ id }) => id === poison.id)) throw new Error('poison');
      done.push(...batch.map(({ id }) => id));
    });
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await eventually(async () =>
      expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0, deadLetters: 1 }),
    );
    expect(done.sort()).toEqual(idsOf(events.filter(({ id }) => id !== poison.id)));
  });

  /** The jobs of a queue as they are in the table. */
  const jobs = async () => {
    const client = new pg.Client({ connectionString: broker.url() });
    await client.connect();
    try {
      const { rows } = await client.query<{ id: string; state: string; beats: number }>(
        `SELECT id, state, extract(epoch FROM heartbeat_on - started_on)::float AS beats FROM pgboss.job WHERE name = $1`,
        [QUEUE],
      );
      return rows;
    } finally {
      await client.end();
    }
  };
  const change = async (sql: string) => {
    const client = new pg.Client({ connectionString: broker.url() });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };

  test('an event that an idle handler gets is stored as taken, and deleted when it is done', async () => {
    const bus = await createBus();
    const gate = createGate();
    const { handler, seen } = recorder(() => gate.opened);
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await bus.publish([albumEvent()]);
    await eventually(() => expect(seen).toHaveLength(1));
    await bus.publish([albumEvent()]);
    expect((await jobs()).map(({ state }) => state).sort()).toEqual(['active', 'created']);
    gate.open();
    await eventually(async () => expect(await jobs()).toEqual([]));
    expect(seen).toHaveLength(2);
  });

  test('a handler cannot change what another queue gets', async () => {
    const bus = await createBus();
    const event = albumEvent();
    const original = structuredClone(event);
    const { handler, seen } = recorder(({ event }) => Object.assign(event.payload, { version: 99 }));
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    const other = recorder();
    await bus.consume('two.albums', { 'album.deleted': other.handler }, { concurrency: 1 });
    await bus.publish([event]);
    await eventually(() => expect([seen.length, other.seen.length]).toEqual([1, 1]));
    expect(other.seen[0]?.event).toEqual(original);
    expect(event).toEqual(original);
  });

  test('what ended while PostgreSQL was away is stored later, and handled once', async () => {
    const faults: unknown[] = [];
    const bus = await createBus({ observer: { fault: (error) => faults.push(error) } });
    const gate = createGate();
    const { handler, seen } = recorder(() => gate.opened);
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 3 });
    await bus.publish(albumEvents(3));
    await eventually(() => expect(seen).toHaveLength(3));
    await broker.cut();
    gate.open();
    await eventually(() => expect(faults.length).toBeGreaterThan(1));
    await broker.mend();
    await eventually(async () => expect(await jobs()).toEqual([]));
    expect(seen).toHaveLength(3);
  });

  test('a failure while PostgreSQL was away is stored later, and the event comes again', async () => {
    const faults: unknown[] = [];
    const bus = await createBus({ observer: { fault: (error) => faults.push(error) } });
    const gate = createGate();
    const { handler, seen } = recorder(async ({ attempt }) => {
      if (attempt > 1) return;
      await gate.opened;
      throw new Error('not yet');
    });
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await bus.publish([albumEvent()]);
    await eventually(() => expect(seen).toHaveLength(1));
    await broker.cut();
    gate.open();
    await eventually(() => expect(faults.length).toBeGreaterThan(1));
    await broker.mend();
    await eventually(() => expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]));
    await eventually(async () => expect(await jobs()).toEqual([]));
  });

  test('an event that could not be stored is not handled, and its slot is free again', async () => {
    const bus = await createBus();
    const { handler, ids } = recorder();
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    const first = albumEvent();
    await bus.publish([first]);
    await eventually(() => expect(ids()).toEqual([first.id]));
    await broker.cut();
    const event = albumEvent();
    await expect(bus.publish([event])).rejects.toThrow();
    expect(ids()).toEqual([first.id]);
    await broker.mend();
    await eventually(() => bus.publish([event]));
    await eventually(() => expect(ids()).toEqual([first.id, event.id]));
    await eventually(async () => expect(await jobs()).toEqual([]));
  });

  test('a handler that takes long keeps its event; one that is taken away from it is told', async () => {
    const bus = await createBus({ heartbeatSeconds: 10 });
    const gate = createGate();
    const signals: AbortSignal[] = [];
    const { handler, seen } = recorder((_seen, signal) => {
      signals.push(signal);
      return signals.length === 1 ? gate.opened : undefined;
    });
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 2 });
    await bus.publish([albumEvent()]);
    await eventually(async () => expect((await jobs())[0]?.beats).toBeGreaterThan(0));
    expect(signals[0]?.aborted).toBe(false);
    // As pg-boss does with an event that takes too long.
    await change(`UPDATE pgboss.job SET state = 'retry' WHERE name = '${QUEUE}'`);
    await eventually(() => expect(signals[0]?.aborted).toBe(true));
    await bus.replayDeadLetters(QUEUE); // looks again
    await eventually(() => expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]));
    gate.open();
    await eventually(async () => expect(await jobs()).toEqual([]));
  });

  test('drain and close store what has ended before', async () => {
    const bus = await createBus();
    const { handler, seen } = recorder();
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 4 });
    await bus.publish(albumEvents(4));
    await eventually(() => expect(seen).toHaveLength(4));
    await bus.drain();
    expect(await jobs()).toEqual([]);
    await bus.publish([albumEvent()]);
    await bus.close();
    expect((await jobs()).map(({ state }) => state)).toEqual(['created']);
    expect(seen).toHaveLength(4);
  });

  test('in any order of publications, no event is lost or handled twice, and no call is one too many', async () => {
    const publication = fc.record({ events: fc.integer({ min: 1, max: 9 }), waits: fc.nat({ max: 3 }) });
    const property = fc.asyncProperty(
      fc.array(publication, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.nat({ max: 4 })),
      async (publications, concurrency, batch, turns) => {
        await broker.reset();
        const bus = await createBus();
        const handled: string[] = [];
        let [running, most] = [0, 0];
        const handle = async (
          deliveries: readonly EventDelivery<'album.deleted'>[],
        ): Promise<EventResult[]> => {
          running += 1;
          most = Math.max(most, running);
          for (let turn = turns.next().value; turn > 0; turn -= 1) await bus.ready();
          running -= 1;
          handled.push(...deliveries.map(({ event }) => event.id));
          return deliveries.map(() => 'done');
        };
        await bus.consume(QUEUE, { 'album.deleted': { batch, handle } }, { concurrency });
        const events: { id: string }[] = [];
        const publishing: Promise<void>[] = [];
        for (const { events: count, waits } of publications) {
          const published = albumEvents(count);
          events.push(...published);
          publishing.push(bus.publish(published));
          for (let wait = waits; wait > 0; wait -= 1) await bus.ready();
        }
        await Promise.all(publishing);
        await eventually(() => expect([...handled].sort()).toEqual(idsOf(events)));
        await bus.close();
        expect(await jobs()).toEqual([]);
        expect(handled).toHaveLength(events.length);
        expect(most).toBeLessThanOrEqual(concurrency);
      },
    );
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
  });
});
