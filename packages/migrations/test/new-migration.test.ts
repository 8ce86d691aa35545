import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { migrate } from '@lazyphotos/database';
import { createTestDatabase, describeWithPostgres, type TestDatabase } from '@lazyphotos/testkit';
import pg from 'pg';
import { schemaDrift } from '../src/index.js';
import { createServiceFolder, type ServiceFolder } from './service-folder.js';

const SCRIPT = fileURLToPath(new URL('../dist/new-migration.js', import.meta.url));
const run = promisify(execFile);

describeWithPostgres('a new migration', () => {
  let folder: ServiceFolder;
  let database: TestDatabase;
  beforeEach(async () => {
    folder = await createServiceFolder();
    database = await createTestDatabase('new_migration');
  });
  afterEach(async () => {
    await database.drop();
    await folder.remove();
  });

  const newMigration = async (name: string, env: Record<string, string> = {}) => {
    const options = { env: { ...process.env, LAZYPHOTOS_TEST_POSTGRES_URL: database.url, ...env } };
    return run(process.execPath, [SCRIPT, folder.path, name], options).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };
  const migrations = async () =>
    (await readdir(folder.migrations, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  const drift = () => schemaDrift(database.url, folder.prisma);

  test('leads from nothing to the schema, then from each state to the next', async () => {
    const first = await newMigration('init');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(await migrations()).toEqual([expect.stringMatching(/^20\d{12}_init$/)]);
    expect(first.stdout.trim()).toMatch(/_init\/migration\.sql$/);
    expect(await readFile(join(folder.migrations, 'migration_lock.toml'), 'utf8')).toContain('"postgresql"');
    expect(await migrate(database.url, folder.migrations)).toEqual(await migrations());
    expect(await drift()).toBe('');

    await appendFile(
      join(folder.prisma, 'schema.prisma'),
      'model Tag {\n  id String @id @db.Uuid\n  name String @unique\n  @@map("tags")\n}\n',
    );
    const sql = await drift();
    expect(sql).toContain('CREATE TABLE "tags"');
    expect(sql).not.toContain('notes');
    await newMigration('add_tags');
    expect(await migrations()).toHaveLength(2);
    expect(await drift()).toBe('');
    expect(await migrate(database.url, folder.migrations)).toEqual([
      expect.stringMatching(/^20\d{12}_add_tags$/),
    ]);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('SELECT name FROM tags');
    await client.end();
  });

  test('writes no file when nothing changed, and says so', async () => {
    await newMigration('init');
    const lockFile = join(folder.migrations, 'migration_lock.toml');
    await writeFile(lockFile, '# of another tool\nprovider = "postgresql"\n');
    expect(await newMigration('again')).toMatchObject({
      code: 0,
      stdout: 'Nothing changed: the migrations lead to the schema.\n',
    });
    expect(await readFile(lockFile, 'utf8')).toContain('of another tool');
    expect(await migrations()).toHaveLength(1);
  });

  test('the comparison uses a database of its own and leaves nothing behind', async () => {
    await newMigration('init');
    await newMigration('again');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows: tables } = await client.query(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
    );
    const { rows: shadows } = await client.query(
      `SELECT datname FROM pg_database WHERE datname LIKE '%shadow%'`,
    );
    await client.end();
    expect(tables).toEqual([]);
    expect(shadows).toEqual([]);
  });

  test('hand-written SQL that Prisma cannot express is not drift: functions and indexes on expressions', async () => {
    await newMigration('init');
    await folder.add(
      '20990101000000_by_hand',
      `CREATE FUNCTION words(t text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN NULL; RETURN 1; END $$;
       CREATE INDEX notes_words ON notes (words(text));`,
    );
    expect(await drift()).toBe('');
  });

  test('reports a wrong call in one line, without a stack', async () => {
    for (const [result, line] of [
      [
        await newMigration('init', { LAZYPHOTOS_TEST_POSTGRES_URL: '' }),
        /^Set LAZYPHOTOS_TEST_POSTGRES_URL .*\n$/,
      ],
      [await newMigration('Not a name!'), /^Not a name!: .*\n$/],
      [await newMigration(''), /^usage: .*\n$/],
    ] as const) {
      expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(line) });
    }
  });

  test('an invalid schema is an error', async () => {
    await writeFile(join(folder.prisma, 'schema.prisma'), 'model Broken {');
    expect((await newMigration('init')).code).not.toBe(0);
    await expect(drift()).rejects.toThrow();
  });
});
