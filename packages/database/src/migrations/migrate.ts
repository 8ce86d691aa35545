import pg from 'pg';
import { loadMigrations, type MigrationsFolder, readMigrationsFolder } from './folder.js';

/** Any number will do, as long as every replica takes the same. */
const MIGRATION_LOCK = 7_301_448_200;

async function appliedNames(client: pg.Client): Promise<Set<string>> {
  const { rows: tables } = await client.query(`SELECT 1 FROM pg_tables WHERE tablename = '_prisma_migrations'`);
  if (tables.length === 0) return new Set();
  const { rows } = await client.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return new Set(rows.map((row) => row.migration_name));
}

async function missing(client: pg.Client, folder: MigrationsFolder): Promise<string[]> {
  const applied = await appliedNames(client);
  return folder.names.filter((name) => !applied.has(name));
}

/**
 * Brings a database up to the newest migration and returns the names of those it applied. Safe when several replicas start at
 * once: they take turns at an advisory lock. The engine is loaded only when there is something to do, which keeps a normal
 * start quick.
 */
export async function migrate(url: string, migrationsPath: string): Promise<string[]> {
  const folder = await readMigrationsFolder(migrationsPath);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    if ((await missing(client, folder)).length === 0) return [];
    const { NO_FILTERS, withSchemaEngine } = await import('./engine.js');
    const migrationsList = await loadMigrations(folder);
    const { appliedMigrationNames } = await withSchemaEngine(url, (engine) =>
      engine.applyMigrations({ migrationsList, filters: NO_FILTERS }),
    );
    return appliedMigrationNames;
  } finally {
    await client.end();
  }
}
