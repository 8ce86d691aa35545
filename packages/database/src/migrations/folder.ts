import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm';

/** A service's `prisma/migrations` folder, as `prisma migrate` lays it out. */
export interface MigrationsFolder {
  path: string;
  names: string[];
}

export async function readMigrationsFolder(path: string): Promise<MigrationsFolder> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return { path, names: names.sort() };
}

export const readMigration = ({ path }: MigrationsFolder, name: string): Promise<string> =>
  readFile(join(path, name, 'migration.sql'), 'utf8');

/** The folder's content in the form that the schema engine takes. */
export async function loadMigrations(folder: MigrationsFolder): Promise<MigrationList> {
  const { path, names } = folder;
  const migrationDirectories = await Promise.all(
    names.map(async (name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readMigration(folder, name) },
      },
    })),
  );
  return {
    baseDir: path,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(join(path, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories,
  };
}
