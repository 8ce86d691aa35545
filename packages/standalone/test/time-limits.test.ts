import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { type Database, openDatabase, type SqlRunner, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { toProblem } from '@lazyphotos/service-kit';
import { createTestDatabase, describeWithPostgres, repository, type TestDatabase } from '@lazyphotos/testkit';

interface Client {
  $transaction<R>(work: (tx: SqlRunner) => Promise<R>): Promise<R>;
  $disconnect(): Promise<void>;
}

const folderOf = (service: string) => join(repository, 'services', service);
/** The services that have a Prisma client. */
const services = SERVICE_NAMES.filter((name) => existsSync(join(folderOf(name), 'src/prisma.ts')));

async function openClient(service: string, database: Database): Promise<Client> {
  const { createPrisma } = await import(join(folderOf(service), 'dist/prisma.js'));
  return createPrisma(database);
}

// Without the limits of its database a client would have those of Prisma, which are too short for a busy Pi.
describeWithPostgres('the transactions of each service', () => {
  let created: TestDatabase;
  beforeAll(async () => {
    created = await createTestDatabase('time_limits');
  });
  afterAll(() => created.drop());

  test('are looked at', () => {
    expect([...services].sort()).toEqual(['auth', 'catalog', 'feed', 'media-worker', 'upload']);
  });

  test.each(services)(
    '%s: one that takes longer than its database allows is service_unavailable',
    async (service) => {
      const database = openDatabase({
        url: created.url,
        poolSize: 1,
        applicationName: 'time-limits-test',
        limits: { ...TRANSACTION_OPTIONS, timeout: 100 },
      });
      const client = await openClient(service, database);
      const late = client.$transaction(async (tx) => {
        await tx.$queryRawUnsafe('SELECT 1 FROM pg_sleep(0.5)');
      });
      const error = await late.catch((reason: unknown) => reason);
      expect(toProblem(error, [database.translateError])).toMatchObject({
        code: 'service_unavailable',
        status: 503,
        more: { headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } },
      });
      await client.$disconnect();
      await database.close();
    },
  );
});
