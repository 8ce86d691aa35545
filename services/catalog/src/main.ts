import { topology, VERSION } from '@lazyphotos/contracts';
import { openWhenMigrated } from '@lazyphotos/database';
import { openBus } from '@lazyphotos/messaging';
import { busObserver, createMediaUrls, remoteKeySet, runContainer } from '@lazyphotos/service-kit';
import { settingKeys } from './config.js';
import { createCopies } from './copies-client.js';
import { createFeedClient } from './feed-client.js';
import { migrationsPath } from './migrations-path.js';
import { createCatalogService } from './service.js';

await runContainer({
  name: 'catalog',
  version: VERSION,
  env: process.env,
  settings: [
    ...settingKeys,
    'busUrl',
    'mediaBaseUrl',
    'mediaSigningKey',
    'mediaUrlSeconds',
    'authUrl',
    'feedUrl',
    'mediaWorkerUrl',
  ],
  compose: async ({ settings, stops, logger, chassis, databaseOptions, publicUrl, peers }) => {
    const own = chassis(remoteKeySet(peers, settings.authUrl));
    const database = await openWhenMigrated({ ...databaseOptions, migrationsPath });
    stops.add('database', database.close);
    const observer = busObserver(own.metrics, logger);
    const bus = await openBus({ url: settings.busUrl, topology, name: own.name, observer });
    stops.add('bus', bus.close);
    const mediaUrls = createMediaUrls({
      signingKey: settings.mediaSigningKey,
      baseUrl: settings.mediaBaseUrl ?? publicUrl,
      lifetimeSeconds: settings.mediaUrlSeconds,
    });
    return createCatalogService({
      chassis: own,
      database,
      bus,
      mediaUrls,
      feed: createFeedClient(peers, settings.feedUrl),
      copies: createCopies(peers, settings.mediaWorkerUrl),
      settings,
    });
  },
});
