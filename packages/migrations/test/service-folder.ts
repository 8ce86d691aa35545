import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCHEMA = `
generator client {
  provider = "prisma-client"
  output   = "../generated"
}
datasource db {
  provider = "postgresql"
}
model Note {
  id   String @id @db.Uuid
  text String

  @@map("notes")
}
`;

export interface ServiceFolder {
  /** services/<name> */
  path: string;
  prisma: string;
  migrations: string;
  /** Adds a migration. */
  add(name: string, sql: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a service's folder with a schema and no migrations. */
export async function createServiceFolder(): Promise<ServiceFolder> {
  const path = await mkdtemp(join(tmpdir(), 'lazyphotos-migrations-'));
  const prisma = join(path, 'prisma');
  const migrations = join(prisma, 'migrations');
  await mkdir(prisma);
  await writeFile(join(prisma, 'schema.prisma'), SCHEMA);
  return {
    path,
    prisma,
    migrations,
    add: async (name, sql) => {
      await mkdir(join(migrations, name), { recursive: true });
      await writeFile(join(migrations, name, 'migration.sql'), sql);
    },
    remove: () => rm(path, { recursive: true }),
  };
}
