import { topology, VERSION } from '@lazyphotos/contracts';
import { openMigrated } from '@lazyphotos/database';
import { createPgBossBus } from '@lazyphotos/messaging';
import { createFilesystemStore } from '@lazyphotos/object-storage';
import { busObserver, onIdleError, remoteKeySet, runContainer } from '@lazyphotos/service-kit';
import { createCatalogClient } from './catalog-client.js';
import { settingKeys } from './config.js';
import { migrationsPath } from './migrations-path.js';
import { createUploadService } from './service.js';

await runContainer({
  name: 'upload',
  version: VERSION,
  env: process.env,
  settings: [...settingKeys, 'databaseUrl', 'databasePool', 'busUrl', 'objectsDir', 'authUrl', 'catalogUrl'],
  compose: async ({ settings, stops, logger, chassis, publicUrl }) => {
    const own = chassis(remoteKeySet(settings.authUrl));
    const database = await openMigrated({
      url: settings.databaseUrl,
      migrationsPath,
      poolSize: settings.databasePool,
      applicationName: 'upload',
      onIdleError: onIdleError(logger),
    });
    stops.add('database', database.close);
    const bus = await createPgBossBus({
      url: settings.busUrl,
      topology,
      observer: busObserver(own.metrics, logger),
    });
    stops.add('bus', bus.close);
    const store = await createFilesystemStore({ root: settings.objectsDir });
    stops.add('store', store.close);
    return createUploadService({
      chassis: own,
      database,
      bus,
      store,
      catalog: createCatalogClient(settings.catalogUrl),
      publicUrl,
      settings,
    });
  },
});
