import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_FILTERS, withSchemaEngine } from './engine.js';
import { loadMigrations, readMigrationsFolder } from './folder.js';

/**
 * The SQL that leads from a service's migrations to its schema; empty when the two agree. `url` must be allowed to create
 * databases: the engine replays the migrations in a shadow database.
 */
export async function schemaDrift(url: string, prismaPath: string): Promise<string> {
  const path = join(prismaPath, 'schema.prisma');
  const content = await readFile(path, 'utf8');
  const migrations = await loadMigrations(await readMigrationsFolder(join(prismaPath, 'migrations')));
  const result = await withSchemaEngine(
    url,
    (engine) =>
      engine.diff({
        from: { tag: 'migrations', ...migrations },
        to: { tag: 'schemaDatamodel', files: [{ path, content }] },
        script: true,
        exitCode: null,
        filters: NO_FILTERS,
      }),
    { path, content },
  );
  const sql = result.stdout ?? '';
  return /^\s*(--[^\n]*)?\s*$/.test(sql) ? '' : sql;
}
