import { topology, VERSION } from '@lazyphotos/contracts';
import { openWhenMigrated } from '@lazyphotos/database';
import { openBus } from '@lazyphotos/messaging';
import {
  busObserver,
  createMediaUrls,
  createShareSigning,
  remoteKeySet,
  runContainer,
} from '@lazyphotos/service-kit';
import { createAccountsClient } from './accounts-client.js';
import { settingKeys } from './config.js';
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
    'shareMediaSeconds',
    'authUrl',
    'feedUrl',
  ],
  compose: async ({ settings, stops, logger, chassis, databaseOptions, publicUrl, peers }) => {
    const own = chassis(remoteKeySet(peers, settings.authUrl));
    const database = await openWhenMigrated({ ...databaseOptions, migrationsPath });
    stops.add('database', database.close);
    const observer = busObserver(own.metrics, logger);
    const bus = await openBus({ url: settings.busUrl, topology, name: own.name, observer });
    stops.add('bus', bus.close);
    const signingKey = settings.mediaSigningKey;
    const mediaBaseUrl = settings.mediaBaseUrl ?? publicUrl;
    const mediaUrls = createMediaUrls({
      signingKey,
      baseUrl: mediaBaseUrl,
      lifetimeSeconds: settings.mediaUrlSeconds,
    });
    const shareSigning = createShareSigning({
      signingKey,
      publicUrl,
      mediaBaseUrl,
      lifetimeSeconds: settings.shareMediaSeconds,
    });
    return createCatalogService({
      chassis: own,
      database,
      bus,
      mediaUrls,
      shareSigning,
      accounts: createAccountsClient(peers, settings.authUrl),
      feed: createFeedClient(peers, settings.feedUrl),
      settings,
    });
  },
});
