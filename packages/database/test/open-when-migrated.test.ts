import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, describeWithPostgres, eventually, type TestDatabase } from '@lazyphotos/testkit';
import pg from 'pg';
import { migrate, openWhenMigrated } from '../src/index.js';
import { createGate } from './gate.js';
import { createMigrationsFolder, type MigrationsFolder } from './migrations-folder.js';

const FIRST = '20260101000000_first';
const SECOND = '20260201000000_second';

describeWithPostgres('openWhenMigrated', () => {
  let folder: MigrationsFolder;
  let created: TestDatabase;
  beforeEach(async () => {
    folder = await createMigrationsFolder();
    await folder.add(FIRST, 'CREATE TABLE first (id int PRIMARY KEY)');
    created = await createTestDatabase('when_migrated');
  });
  afterEach(async () => {
    await created.drop();
    await folder.remove();
  });

  const options = (url = created.url) => ({
    url,
    migrationsPath: folder.path,
    poolSize: 2,
    applicationName: created.name,
    retryForMs: 600_000,
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
    await migrate(created.url, folder.path);
    const database = await openWhenMigrated(options());
    expect((await database.pool.query('SELECT id FROM first')).rows).toEqual([]);
    await database.close();
  });

  test('waits while another program migrates, and reports the reason', async () => {
    await migrate(created.url, folder.path);
    await folder.add(SECOND, 'CREATE TABLE second (id int)');
    const reasons: string[] = [];
    let migrated: Promise<unknown> | undefined;
    const database = await openWhenMigrated({
      ...options(),
      onWaiting: (reason) => {
        reasons.push(reason);
        migrated ??= migrate(created.url, folder.path);
      },
    });
    await migrated;
    expect(reasons[0]).toBe(`the database is not migrated (it lacks ${SECOND}): run the provision step`);
    await database.pool.query('SELECT id FROM second');
    await database.close();
  });

  test('waits for a server that is still starting', async () => {
    await migrate(created.url, folder.path);
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

  test('opens a database that is ahead: in a rolling update the next version has migrated already', async () => {
    await folder.add(SECOND, 'CREATE TABLE second (id int)');
    await migrate(created.url, folder.path);
    await rm(join(folder.path, SECOND), { recursive: true });
    const database = await openWhenMigrated(options());
    await database.close();
  });

  test('fails after a while for a database that is not migrated, and leaves no connection', async () => {
    await expect(openWhenMigrated({ ...options(), retryForMs: 300 })).rejects.toMatchObject({
      name: 'DatabaseNotReadyError',
      code: 'database_not_ready',
      message: `the database is not migrated (it lacks ${FIRST}): run the provision step`,
    });
    // The server takes a moment to notice that a connection has ended.
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test('fails after a while without a server, and says why', async () => {
    const gate = await createGate(created.url);
    await expect(openWhenMigrated({ ...options(gate.url), retryForMs: 300 })).rejects.toMatchObject({
      code: 'database_not_ready',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'ECONNREFUSED' },
    });
  });

  test('does not retry when applied migrations differ from the files', async () => {
    await migrate(created.url, folder.path);
    await folder.add(FIRST, 'CREATE TABLE first (id bigint PRIMARY KEY)');
    await expect(openWhenMigrated(options())).rejects.toMatchObject({
      code: 'migration_changed',
      migrations: [FIRST],
    });
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test('a build without its migrations does not wait', async () => {
    await rm(folder.path, { recursive: true });
    await expect(openWhenMigrated(options())).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
