import { topology, VERSION } from '@lazyphotos/contracts';
import { openWhenMigrated } from '@lazyphotos/database';
import { openBus } from '@lazyphotos/messaging';
import { openStore, removeOldCopies } from '@lazyphotos/object-storage';
import { busObserver, remoteKeySet, runContainer, storeSettingKeys } from '@lazyphotos/service-kit';
import { settingKeys } from './config.js';
import { migrationsPath } from './migrations-path.js';
import { createMediaWorkerService } from './service.js';

/** No picture takes nearly as long. */
const OLD_COPY_MS = 24 * 3_600_000;

await runContainer({
  name: 'media-worker',
  version: VERSION,
  env: process.env,
  settings: [...settingKeys, ...storeSettingKeys, 'busUrl', 'scratchDir', 'authUrl'],
  compose: async ({ settings, stops, logger, chassis, databaseOptions, peers }) => {
    const own = chassis(remoteKeySet(peers, settings.authUrl));
    const database = await openWhenMigrated({ ...databaseOptions, migrationsPath });
    stops.add('database', database.close);
    const observer = busObserver(own.metrics, logger);
    const bus = await openBus({ url: settings.busUrl, topology, name: own.name, observer });
    stops.add('bus', bus.close);
    const store = await openStore(settings);
    stops.add('store', store.close);
    await removeOldCopies(settings.scratchDir, OLD_COPY_MS);
    return createMediaWorkerService({
      chassis: own,
      database,
      bus,
      store,
      scratchDir: settings.scratchDir,
      settings,
    });
  },
});
