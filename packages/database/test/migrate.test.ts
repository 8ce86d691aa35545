import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, describeWithPostgres, type TestDatabase } from '@lazyphotos/testkit';
import pg from 'pg';
import { migrate } from '../src/index.js';
import { createMigrationsFolder, type MigrationsFolder } from './migrations-folder.js';

const FIRST = '20260101000000_first';
const SECOND = '20260201000000_second';
/** A migration that continues when two other replicas wait for the lock. */
const UNTIL_TWO_WAIT = `
  DO $$ BEGIN
    WHILE (SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid
            WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted) < 2
    LOOP PERFORM pg_sleep(0.02); END LOOP;
  END $$;`;

describeWithPostgres('migrate', () => {
  let folder: MigrationsFolder;
  let database: TestDatabase;
  let client: pg.Client;
  beforeEach(async () => {
    folder = await createMigrationsFolder();
    await folder.add(FIRST, 'CREATE TABLE first (id int PRIMARY KEY); INSERT INTO first VALUES (1);');
    database = await createTestDatabase('migrate');
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await database.drop();
    await folder.remove();
  });

  const up = () => migrate(database.url, folder.path);
  const tables = async (): Promise<string[]> => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    );
    return rows.map(({ name }) => name).filter((name) => name !== '_prisma_migrations');
  };
  const history = async () => {
    const { rows } = await client.query(
      'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY started_at',
    );
    return rows;
  };

  test('applies the missing migrations in order, and returns their names', async () => {
    expect(await up()).toEqual([FIRST]);
    await folder.add('20260301000000_third', 'ALTER TABLE second ADD text text;');
    await folder.add(SECOND, 'CREATE TABLE second (id int PRIMARY KEY);');
    expect(await up()).toEqual([SECOND, '20260301000000_third']);
    expect(await tables()).toEqual(['first', 'second']);
    expect(await history()).toEqual(
      [FIRST, SECOND, '20260301000000_third'].map((name) => ({ migration_name: name, finished: true })),
    );
  });

  test('a second run does nothing', async () => {
    await up();
    expect(await up()).toEqual([]);
    expect(await history()).toHaveLength(1);
  });

  test('of replicas that start at once, one at a time migrates: each migration is applied once', async () => {
    await folder.add(SECOND, `${UNTIL_TWO_WAIT} CREATE TABLE second (id int PRIMARY KEY);`);
    const applied = await Promise.all([up(), up(), up()]);
    expect(applied.flat().sort()).toEqual([FIRST, SECOND]);
    expect(await tables()).toEqual(['first', 'second']);
  });

  test('the error of a broken migration names it and the cause, and the database keeps the state before it', async () => {
    const broken = await folder.add(
      SECOND,
      'CREATE TABLE half (id int); INSERT INTO first VALUES (2); SELECT * FROM nowhere;',
    );
    await folder.add('20260301000000_third', 'CREATE TABLE third (id int);');
    const failed = up();
    await expect(failed).rejects.toMatchObject({
      name: 'MigrationError',
      code: 'migration_failed',
      message: expect.stringMatching(new RegExp(`${broken}.*nowhere`)),
    });
    expect(await tables()).toEqual(['first']);
    expect((await client.query('SELECT id FROM first')).rows).toEqual([{ id: 1 }]);

    // After a correction it continues from there: no manual repair is needed.
    await folder.add(SECOND, 'CREATE TABLE second (id int);');
    expect(await up()).toEqual([SECOND, '20260301000000_third']);
    expect(await tables()).toEqual(['first', 'second', 'third']);
  });

  test('semicolons in functions and strings do not end a statement', async () => {
    await folder.add(
      SECOND,
      `CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $$
         BEGIN PERFORM 1; RETURN n * 2; END $$;
       CREATE TABLE second (text text DEFAULT 'a;b');`,
    );
    await up();
    expect((await client.query('SELECT twice(21) AS answer')).rows).toEqual([{ answer: 42 }]);
  });

  test('continues after an interruption in the middle of a migration', async () => {
    await folder.add(SECOND, 'CREATE TABLE second (id int); SELECT pg_sleep(3600);');
    const cut = up();
    const failed = expect(cut).rejects.toMatchObject({ code: 'migration_failed' });
    for (;;) {
      const { rows } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
      );
      if (rows.length > 0) break;
    }
    await failed;
    await folder.add(SECOND, 'CREATE TABLE second (id int);');
    expect(await up()).toEqual([SECOND]);
  });

  test('a role that cannot log in may apply a migration and own what it creates', async () => {
    const owner = `${database.name} "owner"`;
    const quoted = client.escapeIdentifier(owner);
    await client.query(`CREATE ROLE ${quoted} NOLOGIN`);
    await client.query(`ALTER DATABASE ${database.name} OWNER TO ${quoted}`);
    await migrate(database.url, folder.path, { role: owner });
    const { rows } = await client.query(
      `SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'public'`,
    );
    expect(rows).toEqual([{ owner }]);
    await client.query(`DROP OWNED BY ${quoted}`);
    await client.query(`ALTER DATABASE ${database.name} OWNER TO CURRENT_USER`);
    await client.query(`DROP ROLE ${quoted}`);
  });

  test('a database that is ahead of the folder stays unchanged', async () => {
    await folder.add(SECOND, 'CREATE TABLE second (id int);');
    await up();
    await rm(join(folder.path, SECOND), { recursive: true });
    expect(await up()).toEqual([]);
  });

  test('a file that was edited after it was applied is named, and nothing is applied', async () => {
    await folder.add(SECOND, 'CREATE TABLE second (id int);');
    await up();
    await folder.add(FIRST, 'CREATE TABLE first (id int);');
    await folder.add('20260301000000_third', 'CREATE TABLE third (id int);');
    await expect(up()).rejects.toMatchObject({
      name: 'MigrationChangedError',
      code: 'migration_changed',
      migrations: [FIRST],
      message: `these migrations differ from those that were applied to this database: ${FIRST}; restore their files`,
    });
    await folder.add(SECOND, 'CREATE TABLE second (id bigint);');
    await expect(up()).rejects.toMatchObject({ migrations: [FIRST, SECOND] });
    expect(await tables()).toEqual(['first', 'second']);
  });

  test('an edited file whose earlier checksum is listed beside it counts as applied', async () => {
    const sql = '-- old words\nCREATE TABLE second (id int);';
    await folder.add(SECOND, sql);
    await up();
    await folder.add(SECOND, '-- new words\nCREATE TABLE second (id int);');
    const checksum = createHash('sha256').update(sql).digest('hex');
    await writeFile(join(folder.path, SECOND, 'earlier-checksums.txt'), `${checksum}\n`);
    expect(await up()).toEqual([]);
  });

  test('a file with other line ends counts as unchanged', async () => {
    await folder.add(SECOND, 'CREATE TABLE second\n(id int);\n');
    await up();
    await folder.add(SECOND, 'CREATE TABLE second\r\n(id int);\r\n');
    expect(await up()).toEqual([]);
  });

  test('accepts what prisma migrate recorded: applied migrations by their checksum; a failed one is applied again', async () => {
    const sql = 'CREATE TABLE second (id int);';
    await up();
    await folder.add(SECOND, sql);
    const third = await folder.add('20260301000000_third', 'CREATE TABLE third (id int);');
    const checksum = createHash('sha256').update(sql).digest('hex');
    await client.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES
      ('a', '${checksum}', '${SECOND}', now()), ('b', 'of another file', '${third}', NULL)`);
    expect(await up()).toEqual([third]);
    expect(await tables()).toEqual(['first', 'third']);
    expect(await history()).toHaveLength(3);
  });

  test('a statement that cannot run in a transaction is refused, and names its migration', async () => {
    await folder.add(SECOND, 'CREATE INDEX CONCURRENTLY first_id ON first (id);');
    await expect(up()).rejects.toThrow(
      `the migration ${SECOND} failed: CREATE INDEX CONCURRENTLY cannot run inside a transaction block`,
    );
    expect(await history()).toHaveLength(1);
  });

  test('an unreachable database and a missing folder are errors', async () => {
    await expect(migrate('postgresql://nobody@127.0.0.1:1/none', folder.path)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await expect(migrate(database.url, join(folder.path, 'nowhere'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
