import { type MigrationsFolder, readMigrationsFolder } from './migrations/folder.js';
import { migrate } from './migrations/migrate.js';
import { pendingMigrations } from './migrations/pending.js';
import { type Patience, patiently, reasonOf } from './patience.js';
import { type Database, type DatabaseOptions, openDatabase } from './pool.js';

/** The database was not ready for this build before patience was over. The message says what to do; the cause, if any, why. */
export class DatabaseNotReadyError extends Error {
  readonly code = 'database_not_ready';
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DatabaseNotReadyError';
  }
}

/** Brings a database up to the newest migration, then opens it: for a node that has its database to itself. */
export async function openMigrated(options: DatabaseOptions & { migrationsPath: string }): Promise<Database> {
  await migrate(options.url, options.migrationsPath);
  return openDatabase(options);
}

async function pendingOf({ pool }: Database, folder: MigrationsFolder): Promise<string[]> {
  try {
    return await pendingMigrations(pool, folder);
  } catch (error) {
    throw new DatabaseNotReadyError(`the database cannot be opened: ${reasonOf(error)}`, error);
  }
}

async function requireMigrated(database: Database, folder: MigrationsFolder): Promise<void> {
  const pending = await pendingOf(database, folder);
  if (pending.length > 0) {
    throw new DatabaseNotReadyError(
      `the database is not migrated (it lacks ${pending.join(', ')}): run the provision step`,
    );
  }
}

/**
 * Opens a database that another program migrates: for services in containers, whose role may run no DDL. Waits until it answers
 * and has every migration that this build knows; newer ones are fine, as a rolling update has them.
 * @throws DatabaseNotReadyError
 */
export async function openWhenMigrated(
  options: DatabaseOptions & Patience & { migrationsPath: string },
): Promise<Database> {
  const folder = await readMigrationsFolder(options.migrationsPath);
  const database = openDatabase(options);
  try {
    await patiently(() => requireMigrated(database, folder), options);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
