import { topology, VERSION } from '@lazyphotos/contracts';
import { openMigrated } from '@lazyphotos/database';
import { createPgBossBus } from '@lazyphotos/messaging';
import {
  busObserver,
  createMediaUrls,
  onIdleError,
  remoteKeySet,
  runContainer,
} from '@lazyphotos/service-kit';
import { migrationsPath } from './migrations-path.js';
import { createFeedService } from './service.js';

await runContainer({
  name: 'feed',
  version: VERSION,
  env: process.env,
  settings: [
    'databaseUrl',
    'databasePool',
    'busUrl',
    'mediaBaseUrl',
    'mediaSigningKey',
    'mediaUrlSeconds',
    'authUrl',
  ],
  compose: async ({ settings, stops, logger, chassis, publicUrl }) => {
    const own = chassis(remoteKeySet(settings.authUrl));
    const database = await openMigrated({
      url: settings.databaseUrl,
      migrationsPath,
      poolSize: settings.databasePool,
      applicationName: 'feed',
      onIdleError: onIdleError(logger),
    });
    stops.add('database', database.close);
    const bus = await createPgBossBus({
      url: settings.busUrl,
      topology,
      observer: busObserver(own.metrics, logger),
    });
    stops.add('bus', bus.close);
    const mediaUrls = createMediaUrls({
      signingKey: settings.mediaSigningKey,
      baseUrl: settings.mediaBaseUrl ?? publicUrl,
      lifetimeSeconds: settings.mediaUrlSeconds,
    });
    return createFeedService({ chassis: own, database, bus, mediaUrls });
  },
});
