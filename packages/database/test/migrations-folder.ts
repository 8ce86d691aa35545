import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SCHEMA = fileURLToPath(new URL('./prisma/schema.prisma', import.meta.url));

export interface ServiceFolder {
  /** services/<name> */
  path: string;
  prisma: string;
  migrations: string;
  /** Adds a migration; returns its name. */
  add(name: string, sql: string): Promise<string>;
  remove(): Promise<void>;
}

/** A service's folder with the schema of the tests and no migrations yet. */
export async function createServiceFolder(): Promise<ServiceFolder> {
  const path = await mkdtemp(join(tmpdir(), 'lazyphotos-migrations-'));
  const prisma = join(path, 'prisma');
  const migrations = join(prisma, 'migrations');
  await mkdir(prisma);
  await cp(SCHEMA, join(prisma, 'schema.prisma'));
  return {
    path,
    prisma,
    migrations,
    add: async (name, sql) => {
      await mkdir(join(migrations, name), { recursive: true });
      await writeFile(join(migrations, name, 'migration.sql'), sql);
      return name;
    },
    remove: () => rm(path, { recursive: true }),
  };
}
