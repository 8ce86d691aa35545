import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { readMigration, readMigrationsFolder } from './folder.js';
import { pendingMigrations } from './pending.js';

/** Any number will do, as long as every replica takes the same. */
const MIGRATION_LOCK = 7_301_448_200;

/** The table that `prisma migrate` keeps, as it makes it: either can go on where the other stopped. */
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

/** A migration that PostgreSQL refused; its cause says why. The database is as it was before it. */
export class MigrationError extends Error {
  readonly code = 'migration_failed';
  constructor(name: string, cause: unknown) {
    super(`the migration ${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'MigrationError';
  }
}

/**
 * One migration and its line in the history, in one transaction. Prisma's own engine writes the line first, and refuses to go on
 * after a power cut in between; here a migration has happened or it has not.
 */
async function apply(client: pg.Client, name: string, sql: string): Promise<void> {
  const checksum = createHash('sha256').update(sql).digest('hex');
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query('DELETE FROM _prisma_migrations WHERE migration_name = $1 AND finished_at IS NULL', [
      name,
    ]);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError(name, error);
  }
}

export interface MigrateOptions {
  /** The role that applies the migrations and owns what they make; the URL's own if not given. */
  role?: string | undefined;
}

/**
 * Brings a database up to the newest migration and returns the names of those it applied. Safe when several replicas start at
 * once (they take turns at an advisory lock) and when it is cut at any moment. A migration must not hold what PostgreSQL
 * refuses inside a transaction, such as CREATE INDEX CONCURRENTLY.
 * @throws MigrationError
 */
export async function migrate(
  url: string,
  migrationsPath: string,
  { role }: MigrateOptions = {},
): Promise<string[]> {
  const folder = await readMigrationsFolder(migrationsPath);
  const client = new pg.Client({ connectionString: url });
  // A connection that breaks fails the query under way; unheard, it would end the process as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    if (role) await client.query(`SET ROLE ${client.escapeIdentifier(role)}`);
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(HISTORY);
    const names = await pendingMigrations(client, folder);
    for (const name of names) await apply(client, name, await readMigration(folder, name));
    return names;
  } finally {
    await client.end();
  }
}
