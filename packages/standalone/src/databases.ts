import { migrationsPath as auth } from '@lazyphotos/auth';
import { migrationsPath as catalog } from '@lazyphotos/catalog';
import { SERVICE_NAMES, type ServiceName } from '@lazyphotos/contracts';
import { type Database, migrate, openDatabase } from '@lazyphotos/database';
import type { PostgresServer } from '@lazyphotos/embedded-postgres';
import { migrationsPath as feed } from '@lazyphotos/feed';
import { migrationsPath as gateway } from '@lazyphotos/gateway';
import { migrationsPath as mediaWorker } from '@lazyphotos/media-worker';
import { onIdleError } from '@lazyphotos/runtime';
import type { Logger, Metrics, StopList } from '@lazyphotos/service-kit';
import { migrationsPath as upload } from '@lazyphotos/upload';

const MIGRATIONS: Readonly<Record<ServiceName, string>> = {
  gateway,
  auth,
  upload,
  catalog,
  feed,
  'media-worker': mediaWorker,
};

interface OpenOptions {
  postgres: PostgresServer;
  poolSize: number;
  stops: StopList;
  logger: Logger;
  metrics: Metrics;
}

/** Creates, migrates and opens the database of one service. */
async function openOwnDatabase(owner: ServiceName, options: OpenOptions): Promise<Database> {
  const { postgres, poolSize, stops, logger, metrics } = options;
  const url = postgres.url(owner.replace('-', '_'));
  const applied = await migrate(url, MIGRATIONS[owner]);
  if (applied.length > 0) logger.info('migrated', { database: owner, applied });
  const database = openDatabase({
    url,
    poolSize,
    applicationName: owner,
    onIdleError: onIdleError(logger),
  });
  metrics.watchPool(owner, () => database.pool.waitingCount);
  stops.add(`database ${owner}`, database.close);
  return database;
}

/** Creates the database of the bus, and creates, migrates and opens one for each service. */
export async function openDatabases(options: OpenOptions): Promise<Record<ServiceName, Database>> {
  for (const name of [...SERVICE_NAMES, 'bus']) await options.postgres.ensureDatabase(name.replace('-', '_'));
  const opened = await Promise.all(
    SERVICE_NAMES.map(async (owner) => [owner, await openOwnDatabase(owner, options)] as const),
  );
  return Object.fromEntries(opened) as Record<ServiceName, Database>;
}
