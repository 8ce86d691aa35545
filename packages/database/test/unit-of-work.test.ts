import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Album, AnyEvent, EventPayload } from '@lazyphotos/contracts';
import { describeWithPostgres, refuseWrites } from '@lazyphotos/testkit';
import { createUnitOfWork, OutboxRelay, type SqlRunner, type TransactionRunner } from '../src/index.js';
import { createTestTables, type TestTables } from './helpers.js';

const deleted = (): EventPayload<'album.deleted'> => ({
  albumId: randomUUID(),
  userId: randomUUID(),
  version: 1,
  deletedAt: new Date().toISOString(),
});

const ALBUM: Album = {
  id: randomUUID(),
  userId: randomUUID(),
  name: 'Summer',
  order: 'date',
  itemCount: 0,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  isDeleted: false,
  version: 1,
};

describeWithPostgres('a unit of work', () => {
  let tables: TestTables;
  const nudge = jest.fn();
  let requestId: string | undefined;
  beforeEach(async () => {
    tables = await createTestTables();
    nudge.mockClear();
    requestId = undefined;
  });
  afterEach(() => tables.close());

  const unitOfWork = () => createUnitOfWork(tables.client, { nudge, requestId: () => requestId });
  const write = (tx: SqlRunner, text: string) =>
    tx.$executeRawUnsafe('INSERT INTO notes (text) VALUES ($1)', text);
  /** Returns what the outbox would publish, in order. */
  const published = async (): Promise<AnyEvent[]> => {
    const events: AnyEvent[] = [];
    const relay = new OutboxRelay({
      pool: tables.database.pool,
      publish: async (batch) => {
        events.push(...batch);
      },
    });
    await relay.flush();
    return events;
  };

  test('emitted events are published if the writes commit, in the order of emitting', async () => {
    requestId = 'request-7';
    const payloads = [deleted(), deleted(), deleted()];
    const before = Date.now();
    const answer = await unitOfWork().transaction(async (tx, emit) => {
      await write(tx, 'kept');
      for (const payload of payloads) emit('album.deleted', payload);
      return 'done';
    });
    expect(answer).toBe('done');
    expect(nudge).toHaveBeenCalledTimes(1);
    expect(await tables.count('notes')).toBe(1);
    const events = await published();
    expect(events.map(({ payload }) => payload)).toEqual(payloads);
    for (const event of events) {
      expect(event).toMatchObject({ type: 'album.deleted', requestId: 'request-7' });
      expect(event.id).toMatch(/^[0-9a-f-]{14}7/);
      expect(Date.parse(event.occurredAt)).toBeGreaterThan(before - 60_000);
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  });

  test('an event outside of a request has no request id', async () => {
    await unitOfWork().transaction(async (_tx, emit) => emit('album.deleted', deleted()));
    expect(await published()).toEqual([expect.not.objectContaining({ requestId: expect.anything() })]);
  });

  test('many large events are stored by statements of limited size, and read by the relay instead of being handed over', async () => {
    const statements: number[] = [];
    const recording: TransactionRunner<SqlRunner> = {
      $transaction: (work) =>
        tables.client.$transaction((tx) =>
          work({
            ...tx,
            $executeRawUnsafe: (query, ...values) => {
              statements.push(String(values[0]).length);
              return tx.$executeRawUnsafe(query, ...values);
            },
          }),
        ),
    };
    const name = 'x'.repeat(100_000);
    const payload = { album: { ...ALBUM, name }, added: [], removed: [] };
    await createUnitOfWork(recording, { nudge, requestId: () => undefined }).transaction(
      async (_tx, emit) => {
        for (let count = 0; count < 50; count += 1) emit('album.changed', payload);
      },
    );
    expect(statements.length).toBeGreaterThan(1);
    expect(Math.max(...statements)).toBeLessThan(1_100_000);
    expect(nudge).toHaveBeenCalledWith(undefined);
    const sizes: number[] = [];
    const relay = new OutboxRelay({
      pool: tables.database.pool,
      publish: async (batch) => {
        sizes.push(JSON.stringify(batch).length);
      },
    });
    expect(await relay.flush()).toBe(50);
    expect(Math.max(...sizes)).toBeLessThan(2_200_000);
  });

  test('a rollback undoes writes and events, and does not nudge the relay', async () => {
    const work = unitOfWork().transaction(async (tx, emit) => {
      await write(tx, 'gone');
      emit('album.deleted', deleted());
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await tables.count('notes')).toBe(0);
    expect(await published()).toEqual([]);
    expect(nudge).not.toHaveBeenCalled();
  });

  test('a commit that fails leaves neither writes nor events', async () => {
    const work = refuseWrites(tables.database.pool, { table: 'notes', at: 'commit' }, () =>
      unitOfWork().transaction(async (tx, emit) => {
        await write(tx, 'gone');
        emit('album.deleted', deleted());
      }),
    );
    await expect(work).rejects.toThrow('refused by the test');
    expect(await tables.count('notes')).toBe(0);
    expect(await tables.count('outbox_messages')).toBe(0);
    expect(nudge).not.toHaveBeenCalled();
  });

  test.each(['statement', 'commit'] as const)(
    'events that the outbox refuses (%s) take the writes back',
    async (at) => {
      const work = refuseWrites(tables.database.pool, { table: 'outbox_messages', at }, () =>
        unitOfWork().transaction(async (tx, emit) => {
          await write(tx, 'gone');
          emit('album.deleted', deleted());
        }),
      );
      await expect(work).rejects.toThrow('refused by the test');
      expect(await tables.count('notes')).toBe(0);
      expect(await tables.count('outbox_messages')).toBe(0);
      expect(nudge).not.toHaveBeenCalled();
    },
  );

  test('an invalid event fails the transaction', async () => {
    const work = unitOfWork().transaction(async (tx, emit) => {
      await write(tx, 'gone');
      emit('album.deleted', { ...deleted(), albumId: 'not a uuid' });
    });
    await expect(work).rejects.toThrow('albumId');
    expect(await tables.count('notes')).toBe(0);
    expect(await published()).toEqual([]);
  });

  test('without events the relay is not nudged', async () => {
    await unitOfWork().transaction((tx) => Promise.resolve(write(tx, 'kept')));
    expect(await tables.count('notes')).toBe(1);
    expect(nudge).not.toHaveBeenCalled();
  });

  test('an event is not visible before its transaction has committed', async () => {
    await unitOfWork().transaction(async (_tx, emit) => {
      emit('album.deleted', deleted());
      expect(await published()).toEqual([]);
    });
    expect(await published()).toHaveLength(1);
  });
});
