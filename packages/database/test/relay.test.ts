import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { describeWithPostgres, eventually, waitForLocks } from '@lazyphotos/testkit';
import { createUnitOfWork, OutboxRelay, type RelayOptions } from '../src/index.js';
import { createTestTables, type TestTables } from './helpers.js';

/** So long that only a nudge can have started the relay. */
const NEVER_MS = 3_600_000;

describeWithPostgres('the outbox relay', () => {
  let tables: TestTables;
  const relays: OutboxRelay[] = [];
  let published: AnyEvent[];
  let nudge: (stored?: readonly AnyEvent[]) => void = () => undefined;
  beforeEach(async () => {
    tables = await createTestTables();
    published = [];
    nudge = () => undefined;
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    await tables.close();
  });

  const publish: RelayOptions['publish'] = async (events) => {
    published.push(...events);
  };
  const createRelay = (options: Partial<RelayOptions> = {}): OutboxRelay => {
    const relay = new OutboxRelay({ pool: tables.database.pool, publish, pollMs: NEVER_MS, ...options });
    relays.push(relay);
    nudge = () => relay.nudge();
    return relay;
  };
  /** Commits events and returns the album ids that they carry, in order. */
  const commit = async (count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => randomUUID());
    const unitOfWork = createUnitOfWork(tables.client, {
      nudge: (stored) => nudge(stored),
      requestId: () => undefined,
    });
    await unitOfWork.transaction(async (_tx, emit) => {
      for (const albumId of ids) {
        const deletedAt = new Date().toISOString();
        emit('album.deleted', { albumId, userId: randomUUID(), version: 1, deletedAt });
      }
    });
    return ids;
  };
  const albums = (events = published) =>
    events.map(({ payload }) => (payload as { albumId: string }).albumId);
  const outbox = () => tables.count('outbox_messages');

  test('publishes what an earlier process left behind, in the order of ids, in batches', async () => {
    const ids = [...(await commit(60)), ...(await commit(45))];
    const counts: number[] = [];
    createRelay({ batchSize: 50, onPublished: (count) => counts.push(count) }).start();
    await eventually(async () => expect(await outbox()).toBe(0));
    expect(albums()).toEqual(ids);
    expect(counts).toEqual([50, 50, 5]);
  });

  test('publishes soon after a commit, not at the next poll', async () => {
    createRelay().start();
    for (let round = 1; round <= 3; round += 1) {
      await commit(1);
      await eventually(() => expect(published).toHaveLength(round));
    }
  });

  test('publishes next what is committed while it publishes', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const relay = createRelay({
      publish: async (events) => {
        await publish(events);
        await gate;
      },
    });
    relay.start();
    await commit(1);
    await eventually(() => expect(published).toHaveLength(1));
    await commit(1);
    release();
    await eventually(() => expect(published).toHaveLength(2));
  });

  test('finds events at a poll without a nudge, and reports how many are pending', async () => {
    const pending: number[] = [];
    let broken = true;
    createRelay({
      pollMs: 50,
      publish: async (events) => {
        if (broken) throw new Error('the bus is down');
        await publish(events);
      },
      onPending: (count) => pending.push(count),
    }).start();
    nudge = () => undefined;
    await commit(3);
    await eventually(() => expect(pending).toContain(3));
    broken = false;
    await eventually(() => expect(pending.at(-1)).toBe(0));
    expect(published).toHaveLength(3);
  });

  test('events that could not be published stay, and are published later', async () => {
    const errors: unknown[] = [];
    let broken = true;
    createRelay({
      pollMs: 100,
      publish: async (events) => {
        if (broken) throw new Error('the bus is down');
        await publish(events);
      },
      onError: (error) => errors.push(error),
    }).start();
    const ids = await commit(2);
    await eventually(() => expect(errors.length).toBeGreaterThan(1));
    expect(errors[0]).toEqual(new Error('the bus is down'));
    expect(await outbox()).toBe(2);
    broken = false;
    await eventually(async () => expect(await outbox()).toBe(0));
    expect(albums()).toEqual(ids);
  });

  test('after a crash between publishing and deleting, events are published again under the same ids', async () => {
    const ids = await commit(3);
    const crashing = createRelay({
      publish: async (events) => {
        await publish(events);
        // The process is killed: the server notices that its connections end.
        await killConnections();
      },
    });
    await expect(crashing.flush()).rejects.toThrow();
    expect(await outbox()).toBe(3);
    expect(await createRelay().flush()).toBe(3);
    expect(albums()).toEqual([...ids, ...ids]);
    const [first, second] = [published.slice(0, 3), published.slice(3)];
    expect(first).toEqual(second);
    expect(await outbox()).toBe(0);
  });

  /** Terminates every connection to the database that has a lock on the outbox. */
  const killConnections = () =>
    tables.database.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_locks
      WHERE relation = 'outbox_messages'::regclass AND pid <> pg_backend_pid()`);

  test('a relay whose connections break continues with new ones', async () => {
    const errors: unknown[] = [];
    let kill = true;
    createRelay({
      pollMs: 100,
      publish: async (events) => {
        if (kill) await killConnections();
        kill = false;
        await publish(events);
      },
      onError: (error) => errors.push(error),
    }).start();
    await commit(1);
    await eventually(async () => expect(await outbox()).toBe(0));
    expect(errors.length).toBeGreaterThan(0);
    expect(new Set(albums()).size).toBe(1);
  });

  describe('with events handed over by the process that committed them', () => {
    const createHandedRelay = (options: Partial<RelayOptions> = {}) => {
      const relay = createRelay(options);
      nudge = (stored) => relay.nudge(stored);
      return relay;
    };

    test('publishes them without a read of the table, and deletes their rows together', async () => {
      const queries = jest.spyOn(tables.database.pool, 'query');
      const connects = jest.spyOn(tables.database.pool, 'connect');
      const relay = createHandedRelay({ deleteMs: 3000 });
      relay.start();
      await commit(1);
      await eventually(async () => expect(await outbox()).toBe(0));
      published = [];
      connects.mockClear();
      const ids = [...(await commit(2)), ...(await commit(1))];
      await eventually(() => expect(published).toHaveLength(3));
      expect(albums()).toEqual(ids);
      // Those of the two units of work.
      expect(connects).toHaveBeenCalledTimes(2);
      expect(await outbox()).toBe(3);
      queries.mockClear();
      await eventually(async () => expect(await outbox()).toBe(0));
      const deletes = queries.mock.calls.filter(([query]) => JSON.stringify(query).includes('DELETE'));
      expect(deletes).toHaveLength(1);
    });

    test('an event that is published while others are being deleted is deleted, too, and not published again', async () => {
      const relay = createHandedRelay({ deleteMs: 1000 });
      relay.start();
      // The first one may be read from the table.
      await commit(1);
      await eventually(async () => expect(await outbox()).toBe(0));
      published = [];
      await commit(1);
      await eventually(() => expect(published).toHaveLength(1));
      const client = await tables.database.pool.connect();
      await client.query('BEGIN');
      await client.query('SELECT id FROM outbox_messages FOR UPDATE');
      await waitForLocks(tables.database.pool, 1);
      await commit(1);
      await eventually(() => expect(published).toHaveLength(2));
      await client.query('COMMIT');
      client.release();
      await eventually(async () => expect(await outbox()).toBe(0));
      await relay.flush();
      expect(published).toHaveLength(2);
    });

    test('the same event comes out of memory and out of the table', async () => {
      const relay = createHandedRelay();
      relay.start();
      await commit(1);
      await eventually(async () => expect(await outbox()).toBe(0));
      published = [];
      await commit(1);
      await eventually(() => expect(published).toHaveLength(1));
      // As after a crash: another process finds the row.
      await createRelay().flush();
      await eventually(() => expect(published).toHaveLength(2));
      expect(published[1]).toEqual(published[0]);
    });

    test('those that the bus does not accept are found in the table at the next poll', async () => {
      let broken = true;
      const relay = createHandedRelay({
        pollMs: 50,
        publish: async (events) => {
          if (broken) throw new Error('the bus is down');
          await publish(events);
        },
        onError: () => {
          broken = false;
        },
      });
      relay.start();
      const ids = await commit(3);
      await eventually(async () => expect(await outbox()).toBe(0));
      expect(albums()).toEqual(ids);
    });

    test('what another process left behind is published although new events never end', async () => {
      const left = randomUUID();
      const relay = createHandedRelay({
        pollMs: 20,
        publish: async (events) => {
          // There is always one more.
          if (!albums().includes(left)) await commit(1);
          await publish(events);
        },
      });
      relay.start();
      await commit(1);
      await eventually(() => expect(published).not.toEqual([]));
      const payload = {
        albumId: left,
        userId: randomUUID(),
        version: 1,
        deletedAt: new Date().toISOString(),
      };
      await tables.database.pool.query(
        `INSERT INTO outbox_messages VALUES ('00000000-0000-7000-8000-000000000000', 'album.deleted', now(), NULL, $1)`,
        [payload],
      );
      await eventually(() => expect(albums()).toContain(left));
      await eventually(async () => expect(await outbox()).toBe(0));
      expect(new Set(albums()).size).toBe(albums().length);
    });

    test('nudges during a run join in one more', async () => {
      const gate = Promise.withResolvers<void>();
      const sizes: number[] = [];
      const relay = createHandedRelay({
        publish: async (events) => {
          sizes.push(events.length);
          await gate.promise;
          await publish(events);
        },
      });
      relay.start();
      const ids = await commit(1);
      await eventually(() => expect(sizes).toEqual([1]));
      for (let count = 0; count < 5; count += 1) ids.push(...(await commit(1)));
      gate.resolve();
      await eventually(() => expect(published).toHaveLength(6));
      expect(sizes).toEqual([1, 5]);
      expect(albums()).toEqual(ids);
    });

    describe('in quick succession', () => {
      let sizes: number[];
      let events: AnyEvent[];
      /** Starts a relay that has read the table, and publishes the first two events, neither of which waits. */
      const publishTwo = async (options: Partial<RelayOptions>) => {
        await commit(1);
        const relay = createHandedRelay({
          publish: async (batch) => {
            sizes.push(batch.length);
            await publish(batch);
          },
          ...options,
        });
        sizes = [];
        relay.start();
        await eventually(async () => expect(await outbox()).toBe(0));
        sizes = [];
        const { newEvent } = createUnitOfWork(tables.client, { nudge, requestId: () => undefined });
        const userId = randomUUID();
        const deletedAt = new Date().toISOString();
        events = Array.from({ length: 6 }, () =>
          newEvent('album.deleted', { albumId: randomUUID(), userId, version: 1, deletedAt }),
        );
        for (const count of [1, 2]) {
          relay.nudge(events.slice(count - 1, count));
          await eventually(() => expect(sizes).toHaveLength(count));
        }
        expect(sizes).toEqual([1, 1]);
        return relay;
      };

      test('the first two are published at once, those that follow together when the time is over', async () => {
        const relay = await publishTwo({ gatherMs: 500 });
        for (const event of events.slice(2, 5)) relay.nudge([event]);
        await eventually(() => expect(sizes).toEqual([1, 1, 3]));
        expect(published.slice(-5)).toEqual(events.slice(0, 5));
      });

      test('they gather only until they are a full batch', async () => {
        const relay = await publishTwo({ gatherMs: NEVER_MS, batchSize: 3 });
        for (const event of events.slice(2, 5)) {
          expect(sizes).toEqual([1, 1]);
          relay.nudge([event]);
        }
        await eventually(() => expect(sizes).toEqual([1, 1, 3]));
      });

      test('a read of the table does not wait for them', async () => {
        const relay = await publishTwo({ gatherMs: NEVER_MS });
        const ids = await commit(1);
        nudge = () => relay.nudge();
        ids.push(...(await commit(1)));
        await eventually(() => expect(albums().slice(-2)).toEqual(ids));
        expect(sizes).toEqual([1, 1, 2]);
      });

      test('stop does not wait for them, and leaves them in the table', async () => {
        const relay = await publishTwo({ gatherMs: NEVER_MS });
        const before = published.length;
        await commit(1);
        await relay.stop();
        expect(await outbox()).toBe(1);
        createRelay().start();
        await eventually(async () => expect(await outbox()).toBe(0));
        expect(published).toHaveLength(before + 1);
      });
    });

    test('more than memory shall hold are read from the table', async () => {
      const gate = Promise.withResolvers<void>();
      const relay = createHandedRelay({
        publish: async (events) => {
          await gate.promise;
          await publish(events);
        },
      });
      relay.start();
      const ids = [...(await commit(1)), ...(await commit(900)), ...(await commit(900))];
      gate.resolve();
      await eventually(async () => expect(await outbox()).toBe(0));
      expect(albums().sort()).toEqual(ids.sort());
    });

    test('stop deletes the rows of what is published, and leaves the others', async () => {
      const relay = createHandedRelay();
      relay.start();
      await commit(2);
      await eventually(() => expect(published).toHaveLength(2));
      await relay.stop();
      expect(await outbox()).toBe(0);
      await commit(1);
      expect(await outbox()).toBe(1);
      expect(published).toHaveLength(2);
    });
  });

  test('two relays share the work and publish nothing twice', async () => {
    // Neither continues before the other has also read a batch.
    const { promise: bothAtWork, resolve: goOn } = Promise.withResolvers<void>();
    const atWork = new Set<number>();
    const create = (index: number) =>
      createRelay({
        batchSize: 5,
        publish: async (events) => {
          if (atWork.add(index).size === 2) goOn();
          await bothAtWork;
          await publish(events);
        },
      });
    const [one, two] = [create(0), create(1)];
    nudge = () => undefined;
    const ids = await commit(300);
    await Promise.all([one.flush(), two.flush()]);
    await one.flush();
    expect(albums().sort()).toEqual([...ids].sort());
  });

  test('a row with an invalid event is reported and stays, and the others are published', async () => {
    await tables.database.pool.query(
      `INSERT INTO outbox_messages VALUES ('00000000-0000-7000-8000-000000000000', 'nonsense', now(), NULL, '{}')`,
    );
    const ids = await commit(2);
    const onError = jest.fn();
    expect(await createRelay({ onError }).flush()).toBe(2);
    expect(albums()).toEqual(ids);
    expect(await outbox()).toBe(1);
    expect(onError).toHaveBeenCalled();
  });

  test('rows with invalid events do not hold up the others, however many there are, and are reported once', async () => {
    await tables.database.pool.query(
      `INSERT INTO outbox_messages SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'nonsense', now(), NULL, '{}'
       FROM generate_series(1, 25) AS n`,
    );
    const ids = await commit(12);
    const onError = jest.fn();
    const relay = createRelay({ batchSize: 5, onError });
    expect(await relay.flush()).toBe(12);
    expect(albums()).toEqual(ids);
    expect(await relay.flush()).toBe(0);
    expect(onError).toHaveBeenCalledTimes(25);
    expect(await outbox()).toBe(25);
  });

  test('rows with invalid events are counted at each poll, until they are removed', async () => {
    await tables.database.pool.query(
      `INSERT INTO outbox_messages SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'nonsense', now(), NULL, '{}'
       FROM generate_series(1, 3) AS n`,
    );
    const counts: number[][] = [];
    createRelay({ pollMs: 20, onPending: (count, unreadable) => counts.push([count, unreadable]) }).start();
    await eventually(() => expect(counts.at(-1)).toEqual([3, 3]));
    await tables.database.pool.query(
      `DELETE FROM outbox_messages WHERE id::text LIKE '%2' OR id::text LIKE '%1'`,
    );
    await eventually(() => expect(counts.at(-1)).toEqual([1, 1]));
    await tables.database.pool.query('DELETE FROM outbox_messages');
    await eventually(() => expect(counts.at(-1)).toEqual([0, 0]));
  });

  test('stop waits for the current batch and leaves the rest in the table', async () => {
    const ids = await commit(30);
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const relay = createRelay({
      batchSize: 10,
      publish: async (events) => {
        await gate;
        await publish(events);
      },
    });
    relay.start();
    await eventually(async () => {
      const { rows } = await tables.database.pool.query(
        `SELECT 1 FROM pg_locks WHERE relation = 'outbox_messages'::regclass AND mode = 'RowShareLock'`,
      );
      expect(rows).not.toHaveLength(0);
    });
    const stopped = relay.stop();
    release();
    await stopped;
    expect(albums()).toEqual(ids.slice(0, 10));
    expect(await outbox()).toBe(20);
    relay.nudge();
    expect(await outbox()).toBe(20);
    relay.start();
    await eventually(async () => expect(await outbox()).toBe(0));
  });
});
