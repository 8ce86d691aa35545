import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type QueueName, topology } from '@lazyphotos/contracts';
import { createTestDatabase, describeWithPostgres, eventually, type TestDatabase } from '@lazyphotos/testkit';
import pg from 'pg';
import { TestClock } from 'pg-boss';
import { createPgBossBus, type EventDelivery, type PgBossBusOptions } from '../src/index.js';
import {
  albumEvent,
  createGate,
  depthOf,
  photoEvent,
  recorder,
  type TestBus,
  TOPOLOGY,
} from './conformance/suite.js';

describeWithPostgres('the bus on pg-boss', () => {
  let database: TestDatabase;
  let client: pg.Client;
  const open: TestBus[] = [];
  beforeEach(async () => {
    database = await createTestDatabase('pg_boss');
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
    await client.end();
    await database.drop();
  });
  const createBus = async (options: Partial<PgBossBusOptions<typeof TOPOLOGY>> = {}) => {
    const bus = await createPgBossBus({ url: database.url, topology: TOPOLOGY, ...options });
    open.push(bus);
    return bus;
  };
  const numberOf = async (query: string): Promise<number> => {
    const { rows } = await client.query<{ count: string }>(query);
    return Number(rows[0]?.count);
  };
  /** A connection's commits are counted when it ends, at the latest. */
  const commits = () =>
    numberOf(
      'SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = current_database()',
    );
  const otherConnections = () =>
    numberOf(
      `SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );

  test('the default retry policy reaches the queues, and a changed one reaches queues that exist', async () => {
    const policyOf = async () => {
      const { rows } = await client.query(
        `SELECT retry_limit, retry_delay, retry_delay_max, retry_backoff, heartbeat_seconds, expire_seconds, notify, dead_letter
           FROM pgboss.queue WHERE name = 'one.albums'`,
      );
      return rows[0];
    };
    await createBus();
    expect(await policyOf()).toEqual({
      retry_limit: 9,
      retry_delay: 2,
      retry_delay_max: 1800,
      retry_backoff: true,
      heartbeat_seconds: 30,
      // A photo may wait long for the memory that its decoder takes.
      expire_seconds: 86_400,
      notify: true,
      dead_letter: 'one.albums.dead',
    });
    await createBus({ retry: { maxAttempts: 4, baseDelaySeconds: 7, maxDelaySeconds: 70 } });
    expect(await policyOf()).toMatchObject({ retry_limit: 3, retry_delay: 7, retry_delay_max: 70 });
  });

  test('an event that cannot be parsed is a dead letter in the end, and does not stop the queue', async () => {
    const retry = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };
    const bus = await createBus({ retry });
    const { handler, ids } = recorder();
    await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
    const event = albumEvent();
    await bus.publish([{ ...event, payload: { nonsense: true } } as never, event]);
    await eventually(() => expect(ids()).toEqual([event.id]));
    await eventually(async () =>
      expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 1 }),
    );
    expect((await bus.deadLetters('one.albums', 1))[0]?.reason).toContain('albumId');
  });

  test('more dead letters than one batch are all replayed', async () => {
    const retry = { maxAttempts: 1, baseDelaySeconds: 1, maxDelaySeconds: 1 };
    const bus = await createBus({ retry });
    let broken = true;
    const { handler, ids } = recorder(() => {
      if (broken) throw new Error('down');
    });
    await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 4 });
    await bus.publish(Array.from({ length: 1100 }, () => albumEvent()));
    const depth = () => depthOf(bus, 'one.albums');
    await eventually(async () => expect(await depth()).toMatchObject({ deadLetters: 1100 }));
    broken = false;
    expect(await bus.replayDeadLetters('one.albums')).toBe(1100);
    await eventually(async () => expect(await depth()).toMatchObject({ pending: 0, deadLetters: 0 }));
    expect(new Set(ids()).size).toBe(1100);
  });

  test('an event that a process has postponed is not ended by it while another process handles it', async () => {
    const retry = { maxAttempts: 3, baseDelaySeconds: 1, maxDelaySeconds: 1 };
    const [postponed, slow] = [photoEvent('photo.trashed'), photoEvent('photo.purged')];
    // A plan that returns the rows as they lie in the table; the postponed event is the older one and lies behind the other.
    for (const setting of ['enable_nestloop', 'enable_indexscan'])
      await client.query(
        `ALTER DATABASE ${client.escapeIdentifier(client.database ?? '')} SET ${setting} = off`,
      );
    const [first, second] = [await createBus({ retry }), await createBus({ retry })];
    await first.publish([postponed, slow]);
    await client.query(
      `UPDATE pgboss.job SET created_on = created_on - interval '1 second' WHERE data->>'id' = $1`,
      [postponed.id],
    );
    const firstGate = createGate();
    const waiting = recorder(() => firstGate.opened);
    const away = {
      batch: 10,
      handle: async () => {
        throw new Error('the store is away');
      },
    };
    const isOutage = () => true;
    const options = { concurrency: 1, isOutage };
    // One fetch has both, and its results go to pg-boss together.
    await first.consume('two.photos', { 'photo.trashed': away, 'photo.purged': waiting.handler }, options);
    await eventually(() => expect(waiting.ids()).toEqual([slow.id]));
    const secondGate = createGate();
    const other = recorder(async () => {
      if (other.seen.length > 1) return;
      await secondGate.opened;
      throw new Error('the store is still away');
    });
    const handlers = { 'photo.trashed': other.handler, 'photo.purged': other.handler };
    await second.consume('two.photos', handlers, options);
    await eventually(() => expect(other.ids()).toEqual([postponed.id]));
    firstGate.open();
    await eventually(async () => expect(await depthOf(second, 'two.photos')).toMatchObject({ pending: 1 }));
    await first.close();
    secondGate.open();
    await eventually(() => expect(other.ids()).toEqual([postponed.id, postponed.id]));
    await eventually(async () => expect(await depthOf(second, 'two.photos')).toMatchObject({ pending: 0 }));
  });

  test.each([false, true])(
    'nothing is taken while a consumer pauses in an outage, exclusive: %s',
    async (exclusive) => {
      const retry = { maxAttempts: 3, baseDelaySeconds: 3600, maxDelaySeconds: 3600 };
      const bus = await createBus({ retry, exclusive });
      const { handler, seen } = recorder(() => {
        throw new Error('the database is away');
      });
      await bus.publish(Array.from({ length: 5 }, () => albumEvent()));
      // Events that have failed before are handled one by one.
      await client.query(`UPDATE pgboss.job SET retry_count = 1 WHERE name = 'one.albums'`);
      const batch = {
        batch: 10,
        handle: async ([delivery]: readonly EventDelivery<'album.deleted'>[]) => {
          await handler(
            (delivery as EventDelivery<'album.deleted'>).event,
            delivery as EventDelivery<'album.deleted'>,
          );
          return [];
        },
      };
      await bus.consume('one.albums', { 'album.deleted': batch }, { concurrency: 1, isOutage: () => true });
      const ofJobs = (condition: string) =>
        numberOf(`SELECT count(*) FROM pgboss.job WHERE name = 'one.albums' AND ${condition}`);
      await eventually(async () =>
        expect(
          await ofJobs(`state = 'created' AND retry_count = 1 AND start_after > now() + interval '1h' * 0.5`),
        ).toBe(5),
      );
      expect(seen).toHaveLength(2);
    },
  );

  test('an idle node asks the database little', async () => {
    /** What a bus commits on whose clock so much time passes while it has nothing to do. */
    const commitsOf = async (idleMs: number): Promise<number> => {
      const before = await commits();
      const clock = new TestClock();
      const bus = await createPgBossBus({ url: database.url, topology, exclusive: true, clock });
      for (const [queue, types] of Object.entries(topology)) {
        const handlers = Object.fromEntries(types.map((type) => [type, async () => undefined]));
        await bus.consume(queue as QueueName, handlers as never, { concurrency: 2 });
      }
      await clock.tick(idleMs);
      await bus.close();
      await eventually(async () => expect(await otherConnections()).toBe(0));
      return (await commits()) - before;
    };
    await commitsOf(0); // makes the queues
    const atRest = await commitsOf(0);
    // Fourteen workers that polled every two seconds would make 140 of them.
    expect((await commitsOf(20_000)) - atRest).toBeLessThan(100);
  });
});
