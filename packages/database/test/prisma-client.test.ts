import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { toProblem } from '@lazyphotos/service-kit';
import {
  createTestDatabase,
  describeWithPostgres,
  eventually,
  freePort,
  type TestDatabase,
} from '@lazyphotos/testkit';
import {
  createUnitOfWork,
  type Database,
  migrate,
  OutboxRelay,
  once,
  openDatabase,
  type SqlRunner,
  TRANSACTION_OPTIONS,
  type TransactionRunner,
  translateDatabaseError,
} from '../src/index.js';

const PRISMA = fileURLToPath(new URL('./prisma', import.meta.url));

type Tx = SqlRunner & { note: { create(query: { data: { id: string; text: string } }): Promise<unknown> } };
type Client = TransactionRunner<Tx> & { note: { count(): Promise<number> }; $disconnect(): Promise<void> };

/** Generates the client of the tests' schema, like the build of a service. */
async function generateClient(): Promise<new (options: object) => Client> {
  const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
  // Without this, `generate` would download an engine that it does not use.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' };
  await promisify(execFile)(
    process.execPath,
    [prisma, 'generate', '--schema', join(PRISMA, 'schema.prisma')],
    { env },
  );
  const path = '../dist/test-client/client.ts';
  return ((await import(path)) as { PrismaClient: new (options: object) => Client }).PrismaClient;
}

describeWithPostgres('with a generated Prisma client', () => {
  let created: TestDatabase;
  let database: Database;
  let client: Client;
  let PrismaClient: new (options: object) => Client;
  beforeAll(async () => {
    PrismaClient = await generateClient();
    created = await createTestDatabase('prisma_client');
    await migrate(created.url, join(PRISMA, 'migrations'));
    database = openDatabase({ url: created.url, poolSize: 5, applicationName: 'prisma-test' });
    client = new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
  });
  afterAll(async () => {
    await client.$disconnect();
    await database.close();
    await created.drop();
  });

  test('events, stored results and rows commit together, or not at all', async () => {
    const published: AnyEvent[] = [];
    const relay = new OutboxRelay({
      pool: database.pool,
      publish: async (events) => {
        published.push(...events);
      },
    });
    const unitOfWork = createUnitOfWork<Tx>(client, {
      nudge: () => relay.nudge(),
      requestId: () => undefined,
    });
    const payload = {
      albumId: randomUUID(),
      userId: randomUUID(),
      version: 1,
      deletedAt: new Date().toISOString(),
    };
    const request = { userId: randomUUID(), key: 'key', fingerprint: 'print' };
    const save = (text: string, fail = false) =>
      unitOfWork.transaction((tx, emit) =>
        once(tx, request, async () => {
          await tx.note.create({ data: { id: randomUUID(), text } });
          emit('album.deleted', payload);
          if (fail) throw new Error('changed my mind');
          return { saved: text };
        }),
      );
    await expect(save('gone', true)).rejects.toThrow('changed my mind');
    expect(await relay.flush()).toBe(0);
    expect(await client.note.count()).toBe(0);

    expect(await save('first')).toEqual({ saved: 'first' });
    expect(await save('again')).toEqual({ saved: 'first' });
    expect(await client.note.count()).toBe(1);
    expect(await relay.flush()).toBe(1);
    expect(published).toMatchObject([{ type: 'album.deleted', payload }]);
  });

  test('a time whose offset has seconds in the zone of the database is read as it is', async () => {
    const name = new URL(created.url).pathname.slice(1);
    await database.pool.query(`ALTER DATABASE "${name}" SET TimeZone = 'Europe/Dublin'`);
    const opened = openDatabase({ url: created.url, poolSize: 1, applicationName: 'prisma-test' });
    const other = new PrismaClient({ adapter: opened.adapter });
    const rows = await other.$transaction(async (tx) =>
      tx.$queryRawUnsafe<{ time: Date }[]>(`SELECT '1905-06-01T12:00:00.123Z'::timestamptz AS time`),
    );
    expect(rows).toEqual([{ time: new Date('1905-06-01T12:00:00.123Z') }]);
    await other.$disconnect();
    await opened.close();
  });

  test('a server that is away, or does not respond, means service_unavailable', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    for (const url of [
      `postgresql://x@127.0.0.1:${await freePort()}/x`,
      `postgresql://x@127.0.0.1:${port}/x`,
    ]) {
      const away = openDatabase({ url, poolSize: 1, applicationName: 'prisma-test' });
      const lost = new PrismaClient({ adapter: away.adapter });
      for (const ask of [
        async () => lost.note.count(),
        async () => lost.$transaction(async (tx) => tx.$queryRawUnsafe('SELECT 1')),
      ]) {
        const error = await ask().catch((reason: unknown) => reason);
        expect(toProblem(error, [translateDatabaseError])).toMatchObject({
          code: 'service_unavailable',
          status: 503,
        });
      }
      await lost.$disconnect();
      await away.close();
    }
    silent.close();
  });

  test('what finds no free connection waits, and is service_unavailable only when it has waited too long', async () => {
    const open = (maxWait: number) => {
      const busy = openDatabase({
        url: created.url,
        poolSize: 1,
        applicationName: 'prisma-test',
        limits: { ...TRANSACTION_OPTIONS, maxWait },
      });
      const { adapter, transactionOptions, pool } = busy;
      const prisma = new PrismaClient({ adapter, transactionOptions });
      const unitOfWork = createUnitOfWork<Tx>(prisma, { nudge: () => undefined, requestId: () => undefined });
      const work = [
        async () => prisma.note.count(),
        () => prisma.$transaction(async (tx) => tx.$queryRawUnsafe('SELECT 1')),
        () => unitOfWork.transaction(async (tx) => tx.$queryRawUnsafe('SELECT 1')),
        () => pool.query('SELECT 1'),
      ];
      const askAll = () =>
        Promise.all(
          work.map((ask) =>
            ask().then(
              () => 'done',
              (error: unknown) => toProblem(error, [translateDatabaseError]),
            ),
          ),
        );
      const close = () => prisma.$disconnect().then(busy.close);
      return { pool, askAll, close };
    };
    const [impatient, patient] = [open(300), open(TRANSACTION_OPTIONS.maxWait)];
    // A connection alone may take longer than this on a busy machine.
    const kept = await eventually(() => impatient.pool.connect());
    for (const answer of await impatient.askAll()) {
      expect(answer).toMatchObject({ code: 'service_unavailable', status: 503 });
      expect(answer).toMatchObject({ more: { headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } } });
    }
    kept.release();

    const held = await patient.pool.connect();
    const answers = patient.askAll();
    await eventually(() => expect(patient.pool.waitingCount).toBeGreaterThan(0), { intervalMs: 1 });
    held.release();
    expect(await answers).toEqual(['done', 'done', 'done', 'done']);
    await impatient.close();
    await patient.close();
  });

  test('a transaction that takes too long is service_unavailable, and nothing of it stays', async () => {
    const slow = new PrismaClient({
      adapter: database.adapter,
      transactionOptions: { maxWait: 10_000, timeout: 100 },
    });
    const before = await client.note.count();
    const late = slow.$transaction(async (tx) => {
      await tx.note.create({ data: { id: randomUUID(), text: 'late' } });
      await tx.$queryRawUnsafe('SELECT 1 FROM pg_sleep(0.5)');
    });
    const error = await late.catch((reason: unknown) => reason);
    expect(toProblem(error, [translateDatabaseError])).toMatchObject({ code: 'service_unavailable' });
    expect(await client.note.count()).toBe(before);
    await slow.$disconnect();
  });

  test('a connection that breaks in a transaction fails that transaction and nothing else', async () => {
    const broken = client.$transaction(async (tx) => {
      const [connection] = await tx.$queryRawUnsafe<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await database.pool.query('SELECT pg_terminate_backend($1)', [connection?.pid]);
      await eventually(async () => {
        const { rows } = await database.pool.query('SELECT FROM pg_stat_activity WHERE pid = $1', [
          connection?.pid,
        ]);
        expect(rows).toEqual([]);
      });
      await tx.note.create({ data: { id: randomUUID(), text: 'lost' } });
    });
    const error = await broken.catch((reason: unknown) => reason);
    expect(toProblem(error, [translateDatabaseError])).toMatchObject({ code: 'service_unavailable' });
    expect(await client.note.count()).toBe(1);
  });
});
