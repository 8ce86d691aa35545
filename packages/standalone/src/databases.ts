import { type Database, migrate, openDatabase } from '@lazyphotos/database';
import type { PostgresServer } from '@lazyphotos/embedded-postgres';
import { onIdleError } from '@lazyphotos/runtime';
import type { Logger, StopList } from '@lazyphotos/service-kit';

/** The database that each service has to itself, by service. */
export const databaseNames = {
  gateway: 'gateway',
  auth: 'auth',
  upload: 'upload',
  catalog: 'catalog',
  feed: 'feed',
  'media-worker': 'media_worker',
  bus: 'bus',
} as const;
export type DatabaseOwner = keyof typeof databaseNames;

export interface OpenDatabasesOptions {
  postgres: PostgresServer;
  migrations: Readonly<Record<Exclude<DatabaseOwner, 'bus'>, string>>;
  poolSize: number;
  stops: StopList;
  logger: Logger;
}

/** Creates, migrates and opens one database per service. */
export async function openDatabases({ postgres, migrations, poolSize, stops, logger }: OpenDatabasesOptions) {
  for (const name of Object.values(databaseNames)) await postgres.ensureDatabase(name);
  const open = async (owner: keyof typeof migrations): Promise<Database> => {
    const url = postgres.url(databaseNames[owner]);
    const applied = await migrate(url, migrations[owner]);
    if (applied.length > 0) logger.info('migrated', { database: owner, applied });
    const database = openDatabase({
      url,
      poolSize,
      applicationName: owner,
      onIdleError: onIdleError(logger),
    });
    stops.add(`database ${owner}`, database.close);
    return database;
  };
  const owners = Object.keys(migrations) as (keyof typeof migrations)[];
  const opened = await Promise.all(owners.map(async (owner) => [owner, await open(owner)] as const));
  return Object.fromEntries(opened) as Record<keyof typeof migrations, Database>;
}
