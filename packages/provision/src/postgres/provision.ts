import type { RetryOptions } from '@lazyphotos/database';
import type { Logger } from '@lazyphotos/service-kit';
import { withClient } from './connect.js';
import { ensureDatabase, migrateAndGrant, revokePublicConnect } from './databases.js';
import { planDatabases, type ServiceDatabase } from './plan.js';
import { describeAdmin, ensureRoles } from './roles.js';

export interface ProvisionPostgresOptions {
  /** A superuser, or a role with CREATEDB and CREATEROLE. */
  adminUrl: string;
  services: readonly ServiceDatabase[];
  logger: Logger;
  /** How long to wait for a server that is still starting, in milliseconds; a minute if absent. */
  retryForMs?: number;
}

/** Any number works, as long as every run uses the same. */
export const PROVISION_LOCK = 7_301_448_201;

/**
 * Makes a database with its tables for each service, and a role that may use only that database. May be repeated: it then applies new
 * migrations and changed passwords. An advisory lock lets one run at a time work.
 * @throws SettingsError for URLs that cannot be used; ProvisionError, MigrationError, MigrationChangedError
 */
export async function provisionPostgres(options: ProvisionPostgresOptions): Promise<void> {
  const { adminUrl, services, logger } = options;
  const plans = planDatabases(adminUrl, services);
  const retry: RetryOptions = {
    retryForMs: options.retryForMs,
    onWaiting: (reason) => logger.info('waiting for PostgreSQL', { reason }),
  };
  await withClient(adminUrl, retry, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [PROVISION_LOCK]);
    const admin = await describeAdmin(client);
    for (const plan of plans) {
      await ensureRoles(admin, plan);
      await ensureDatabase(client, plan);
      const applied = await migrateAndGrant(adminUrl, plan);
      const { service, database, role } = plan;
      logger.info('database ready', { for: service, database, role, migrations: applied });
    }
    const open = await revokePublicConnect(client);
    if (open.length > 0) logger.warn('every role of this server may connect to these', { databases: open });
  });
}
