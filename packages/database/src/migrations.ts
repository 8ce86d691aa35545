import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** A folder of a service's `prisma/migrations`, in the format of `prisma migrate`. */
export interface Migration {
  name: string;
  sql: string;
  /** The checksums under which a database may have recorded it. The first is the one that is recorded now. */
  checksums: string[];
}

/** PostgreSQL rejected a migration; the cause says why. The database is in the state before that migration. */
export class MigrationError extends Error {
  readonly code = 'migration_failed';
  constructor(name: string, cause: unknown) {
    super(`the migration ${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'MigrationError';
  }
}

/** Files of migrations were edited after this database had applied them, so its tables may differ from what this build expects. */
export class MigrationChangedError extends Error {
  readonly code = 'migration_changed';
  constructor(readonly migrations: readonly string[]) {
    super(
      `these migrations differ from those that were applied to this database: ${migrations.join(', ')}; restore their files`,
    );
    this.name = 'MigrationChangedError';
  }
}

export interface MigrateOptions {
  /** The role that applies the migrations and owns what they create; the URL's own role if absent. */
  role?: string | undefined;
}

/** Any number works, as long as every replica uses the same. */
const MIGRATION_LOCK = 7_301_448_200;
const UNDEFINED_TABLE = '42P01';
/** Optional, beside a migration.sql whose comments were edited later: one older SHA-256 on each line. */
const EARLIER_CHECKSUMS = 'earlier-checksums.txt';

/** The table of `prisma migrate`, with the same columns: both programs can continue where the other stopped. */
const HISTORY = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Applies the migrations that the database lacks, in order, and returns their names. Safe when several replicas start at once (an
 * advisory lock lets one run at a time) and when it is interrupted. Each migration runs in a transaction, so it must not contain a
 * statement that PostgreSQL refuses there, such as CREATE INDEX CONCURRENTLY. Migrations that this build does not know are ignored.
 * @throws MigrationError, MigrationChangedError
 */
export async function migrate(
  url: string,
  migrationsPath: string,
  { role }: MigrateOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(migrationsPath);
  const client = new pg.Client({ connectionString: url });
  // A connection that breaks fails the current query; without a listener it would also end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    if (role) await client.query(`SET ROLE ${client.escapeIdentifier(role)}`);
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(HISTORY);
    const pending = await findPending(client, migrations);
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Returns the migrations of a folder, oldest first. */
export async function readMigrations(path: string): Promise<Migration[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => readMigration(path, name)));
}

async function readMigration(path: string, name: string): Promise<Migration> {
  const sql = await readFile(join(path, name, 'migration.sql'), 'utf8');
  const earlier = await readFile(join(path, name, EARLIER_CHECKSUMS), 'utf8').catch(emptyIfMissing);
  // Git may have changed the line ends when it wrote the files of another machine.
  const unix = sql.replaceAll('\r\n', '\n');
  const contents = [sql, unix, unix.replaceAll('\n', '\r\n')];
  return { name, sql, checksums: [...contents.map(sha256), ...(earlier.match(/\b[0-9a-f]{64}\b/g) ?? [])] };
}

function emptyIfMissing(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw error;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Returns the migrations that the database lacks. Only reads. @throws MigrationChangedError */
export async function findPending(
  queryable: Pick<pg.Pool, 'query'>,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const applied = await readHistory(queryable);
  const changed = migrations.filter(({ name, checksums }) => {
    const recorded = applied.get(name);
    return recorded !== undefined && !checksums.includes(recorded);
  });
  if (changed.length > 0) throw new MigrationChangedError(changed.map(({ name }) => name));
  return migrations.filter(({ name }) => !applied.has(name));
}

/** Returns the checksum of each applied migration by its name. */
async function readHistory(queryable: Pick<pg.Pool, 'query'>): Promise<Map<string, string>> {
  try {
    const { rows } = await queryable.query<{ migration_name: string; checksum: string }>(
      `SELECT migration_name, checksum FROM _prisma_migrations
        WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    );
    return new Map(rows.map((row) => [row.migration_name, row.checksum]));
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNDEFINED_TABLE) throw error;
    return new Map();
  }
}

/**
 * Runs one migration and records it, in one transaction: it is applied as a whole or not at all. `prisma migrate` records the start
 * first and refuses to continue after a failure; such an unfinished row is replaced here.
 */
async function apply(client: pg.Client, { name, sql, checksums }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query('DELETE FROM _prisma_migrations WHERE migration_name = $1 AND finished_at IS NULL', [
      name,
    ]);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksums[0], name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError(name, error);
  }
}
