import { topology, VERSION } from '@lazyphotos/contracts';
import { openWhenMigrated } from '@lazyphotos/database';
import { openBus } from '@lazyphotos/messaging';
import { openStore } from '@lazyphotos/object-storage';
import { busObserver, remoteKeySet, runContainer, storeSettingKeys } from '@lazyphotos/service-kit';
import { createCatalogClient } from './catalog-client.js';
import { settingKeys } from './config.js';
import { createClamdScanner } from './malware/clamd.js';
import { migrationsPath } from './migrations-path.js';
import { createUploadService } from './service.js';

await runContainer({
  name: 'upload',
  version: VERSION,
  env: process.env,
  settings: [...settingKeys, ...storeSettingKeys, 'busUrl', 'authUrl', 'catalogUrl', 'clamavAddress'],
  compose: async ({ settings, stops, logger, chassis, databaseOptions, publicUrl, peers }) => {
    const own = chassis(remoteKeySet(peers, settings.authUrl));
    const database = await openWhenMigrated({ ...databaseOptions, migrationsPath });
    stops.add('database', database.close);
    const observer = busObserver(own.metrics, logger);
    const bus = await openBus({ url: settings.busUrl, topology, name: own.name, observer });
    stops.add('bus', bus.close);
    const store = await openStore(settings);
    stops.add('store', store.close);
    return createUploadService({
      chassis: own,
      database,
      bus,
      store,
      catalog: createCatalogClient(peers, settings.catalogUrl),
      scanner: settings.clamavAddress && createClamdScanner(settings.clamavAddress),
      publicUrl,
      settings,
    });
  },
});
