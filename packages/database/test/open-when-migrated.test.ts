import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, describeWithPostgres, eventually, type TestDatabase } from '@lazyphotos/testkit';
import pg from 'pg';
import { migrate, openWhenMigrated } from '../src/index.js';
import { createGate } from './gate.js';
import { createServiceFolder, type ServiceFolder } from './migrations-folder.js';

const FIRST = '20260101000000_first';
const SECOND = '20260201000000_second';

describeWithPostgres('openWhenMigrated', () => {
  let folder: ServiceFolder;
  let created: TestDatabase;
  beforeEach(async () => {
    folder = await createServiceFolder();
    await folder.add(FIRST, 'CREATE TABLE first (id int PRIMARY KEY)');
    created = await createTestDatabase('when_migrated');
  });
  afterEach(async () => {
    await created.drop();
    await folder.remove();
  });

  const options = (url = created.url) => ({
    url,
    migrationsPath: folder.migrations,
    poolSize: 2,
    applicationName: created.name,
    patienceMs: 600_000,
  });
  const connections = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: created.url });
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [
      created.name,
    ]);
    await client.end();
    return rowCount ?? 0;
  };

  test('opens a database that has all migrations, and runs none itself', async () => {
    await migrate(created.url, folder.migrations);
    const database = await openWhenMigrated(options());
    expect((await database.pool.query('SELECT id FROM first')).rows).toEqual([]);
    await database.close();
  });

  test('waits while another program migrates, and says what for', async () => {
    await migrate(created.url, folder.migrations);
    await folder.add(SECOND, 'CREATE TABLE second (id int)');
    const reasons: string[] = [];
    let migrated: Promise<unknown> | undefined;
    const database = await openWhenMigrated({
      ...options(),
      onWaiting: (reason) => {
        reasons.push(reason);
        migrated ??= migrate(created.url, folder.migrations);
      },
    });
    await migrated;
    expect(reasons[0]).toBe(`the database is not migrated (it lacks ${SECOND}): run the provision step`);
    await database.pool.query('SELECT id FROM second');
    await database.close();
  });

  test('waits for a server that is still starting', async () => {
    await migrate(created.url, folder.migrations);
    const gate = await createGate(created.url);
    let opened: Promise<void> | undefined;
    const database = await openWhenMigrated({
      ...options(gate.url),
      onWaiting: () => {
        opened ??= gate.open();
      },
    });
    expect(opened).toBeDefined();
    await database.ready();
    await database.close();
    await gate.shut();
  });

  test('a database that is ahead is fine: in a rolling update the next version has migrated already', async () => {
    await folder.add(SECOND, 'CREATE TABLE second (id int)');
    await migrate(created.url, folder.migrations);
    await rm(join(folder.migrations, SECOND), { recursive: true });
    const database = await openWhenMigrated(options());
    await database.close();
  });

  test('gives up on a database that nobody migrates, and leaves no connection', async () => {
    await expect(openWhenMigrated({ ...options(), patienceMs: 300 })).rejects.toMatchObject({
      name: 'DatabaseNotReadyError',
      code: 'database_not_ready',
      message: `the database is not migrated (it lacks ${FIRST}): run the provision step`,
    });
    // The server takes a moment to see that a connection has gone.
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test('gives up on a server that is not there, and says why', async () => {
    const gate = await createGate(created.url);
    await expect(openWhenMigrated({ ...options(gate.url), patienceMs: 300 })).rejects.toMatchObject({
      code: 'database_not_ready',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'ECONNREFUSED' },
    });
  });

  test('a build without its migrations does not wait', async () => {
    await rm(folder.migrations, { recursive: true });
    await expect(openWhenMigrated(options())).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
