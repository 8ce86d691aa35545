import { topology, VERSION } from '@lazyphotos/contracts';
import { migrate, openDatabase } from '@lazyphotos/database';
import { createPgBossBus } from '@lazyphotos/messaging';
import { busObserver, createMediaUrls, remoteKeySet, runContainer } from '@lazyphotos/service-kit';
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
    'publicUrl',
    'mediaBaseUrl',
    'mediaSigningKey',
    'mediaUrlSeconds',
    'authUrl',
  ],
  compose: async ({ settings, stops, logger, chassis }) => {
    await migrate(settings.databaseUrl, migrationsPath);
    const own = chassis(remoteKeySet(settings.authUrl));
    const database = openDatabase({
      url: settings.databaseUrl,
      poolSize: settings.databasePool,
      applicationName: 'feed',
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
      baseUrl: settings.mediaBaseUrl ?? settings.publicUrl ?? 'http://localhost:8080',
      lifetimeSeconds: settings.mediaUrlSeconds,
    });
    return createFeedService({ chassis: own, database, bus, mediaUrls });
  },
});
