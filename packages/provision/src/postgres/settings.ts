import { join } from 'node:path';
import { type ServiceName, serviceNames } from '@lazyphotos/contracts';
import { type Environment, readSettings } from '@lazyphotos/service-kit';
import type { ProvisionPostgresOptions } from './provision.js';

const urlKeys = {
  gateway: 'gatewayDatabaseUrl',
  auth: 'authDatabaseUrl',
  upload: 'uploadDatabaseUrl',
  catalog: 'catalogDatabaseUrl',
  feed: 'feedDatabaseUrl',
  'media-worker': 'mediaWorkerDatabaseUrl',
} as const satisfies Record<ServiceName, string>;

/** @throws SettingsError */
export function readPostgresSettings(env: Environment): Omit<ProvisionPostgresOptions, 'logger'> {
  const settings = readSettings(env, ['adminDatabaseUrl', 'migrationsDir', ...Object.values(urlKeys)]);
  return {
    adminUrl: settings.adminDatabaseUrl,
    services: serviceNames.map((service) => ({
      service,
      url: settings[urlKeys[service]],
      migrationsPath: join(settings.migrationsDir, service, 'prisma', 'migrations'),
    })),
  };
}
