import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface MigrationsFolder {
  path: string;
  /** Adds a migration, or replaces it; returns its name. */
  add(name: string, sql: string): Promise<string>;
  remove(): Promise<void>;
}

export async function createMigrationsFolder(): Promise<MigrationsFolder> {
  const path = await mkdtemp(join(tmpdir(), 'lazyphotos-migrations-'));
  return {
    path,
    add: async (name, sql) => {
      await mkdir(join(path, name), { recursive: true });
      await writeFile(join(path, name, 'migration.sql'), sql);
      return name;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
