import { openWhenMigrated } from '@lazyphotos/database';
import type { ContainerContext, Service } from '@lazyphotos/service-kit';
import type { containerSettings } from './config.js';
import {
  type AuthService,
  createAuthService,
  createFileClaimCodeStore,
  createFileKeyStore,
  migrationsPath,
} from './index.js';

/** The service with the adapters that it has in a process of its own. */
export async function composeContainer(
  context: ContainerContext<(typeof containerSettings)[number]>,
): Promise<Service> {
  const { settings, stops, chassis, databaseOptions } = context;
  const database = await openWhenMigrated({ ...databaseOptions, migrationsPath });
  stops.add('database', database.close);
  const service: AuthService = createAuthService({
    chassis: chassis(() => service.keySet()),
    database,
    settings,
    keys: createFileKeyStore(settings.keysDir),
    claimCode: createFileClaimCodeStore(settings.dataDir),
  });
  return { ...service, start: () => service.start().then(() => printClaimCode(service)) };
}

/** Past the log, which may be shipped to where the code has no business. */
async function printClaimCode(service: AuthService): Promise<void> {
  const code = await service.claimCode();
  if (code !== undefined) process.stdout.write(`Claim code of this node: ${code}\n`);
}
