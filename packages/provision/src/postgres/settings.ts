import { join } from 'node:path';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { postgresUrl } from '@lazyphotos/database';
import { readKnownSettings } from '@lazyphotos/runtime';
import { type Environment, setting, text } from '@lazyphotos/service-kit';
import type { ProvisionPostgresOptions } from './provision.js';

export const GIVEN_SECRET = { absent: 'must be given for provisioning', secret: true };
const urlOf = (service: string) =>
  setting(
    `LAZYPHOTOS_${service}_DATABASE_URL`,
    postgresUrl,
    'The LAZYPHOTOS_DATABASE_URL of that service, whose role and database are created; for provisioning only',
    GIVEN_SECRET,
  );

export const postgresSettings = {
  adminDatabaseUrl: setting(
    'LAZYPHOTOS_ADMIN_DATABASE_URL',
    postgresUrl,
    'An administrator of PostgreSQL, to create roles and databases; for provisioning only',
    GIVEN_SECRET,
  ),
  gateway: urlOf('GATEWAY'),
  auth: urlOf('AUTH'),
  upload: urlOf('UPLOAD'),
  catalog: urlOf('CATALOG'),
  feed: urlOf('FEED'),
  'media-worker': urlOf('MEDIA_WORKER'),
  migrationsDir: setting(
    'LAZYPHOTOS_MIGRATIONS_DIR',
    text().default('services'),
    "The folder that has each service's migrations, as <service>/prisma/migrations; for provisioning only",
  ),
};

/** @throws SettingsError */
export function readPostgresSettings(env: Environment): Omit<ProvisionPostgresOptions, 'logger'> {
  const settings = readKnownSettings(env, postgresSettings);
  return {
    adminUrl: settings.adminDatabaseUrl,
    services: SERVICE_NAMES.map((service) => ({
      service,
      url: settings[service],
      migrationsPath: join(settings.migrationsDir, service, 'prisma', 'migrations'),
    })),
  };
}
