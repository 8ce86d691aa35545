import type pg from 'pg';
import type { MigrationsFolder } from './folder.js';

const UNDEFINED_TABLE = '42P01';

/** The migrations of the folder that the database does not have; reads only. */
export async function pendingMigrations(
  queryable: Pick<pg.Pool, 'query'>,
  folder: MigrationsFolder,
): Promise<string[]> {
  try {
    const { rows } = await queryable.query<{ migration_name: string }>(
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    );
    const applied = new Set(rows.map((row) => row.migration_name));
    return folder.names.filter((name) => !applied.has(name));
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNDEFINED_TABLE) throw error;
    return folder.names;
  }
}
