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

/** The folder's content in the form that the schema engine takes. */
export async function loadMigrations({ path, names }: MigrationsFolder): Promise<MigrationList> {
  const migrationDirectories = await Promise.all(
    names.map(async (name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(path, name, 'migration.sql'), 'utf8') },
      },
    })),
  );
  return {
    baseDir: path,
    lockfile: { path: 'migration_lock.toml', content: await readFile(join(path, 'migration_lock.toml'), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories,
  };
}
