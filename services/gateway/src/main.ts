import { VERSION } from '@lazyphotos/contracts';
import { openMigrated } from '@lazyphotos/database';
import { createFilesystemStore } from '@lazyphotos/object-storage';
import { createMediaUrls, onIdleError, remoteKeySet, runContainer } from '@lazyphotos/service-kit';
import { settingKeys } from './config.js';
import { migrationsPath } from './migrations-path.js';
import { createNodeClient } from './node-client.js';
import { createGatewayService } from './service.js';
import { httpUpstream } from './upstreams/http.js';

await runContainer({
  name: 'gateway',
  version: VERSION,
  env: process.env,
  settings: [
    ...settingKeys,
    'databaseUrl',
    'databasePool',
    'objectsDir',
    'mediaBaseUrl',
    'mediaSigningKey',
    'mediaUrlSeconds',
    'authUrl',
    'uploadUrl',
    'catalogUrl',
    'feedUrl',
    'mediaWorkerUrl',
  ],
  compose: async ({ settings, stops, chassis, logger, publicUrl }) => {
    const database = await openMigrated({
      url: settings.databaseUrl,
      migrationsPath,
      poolSize: settings.databasePool,
      applicationName: 'gateway',
      onIdleError: onIdleError(logger),
    });
    stops.add('database', database.close);
    const store = await createFilesystemStore({ root: settings.objectsDir });
    stops.add('store', store.close);
    const worker = settings.mediaWorkerUrl;
    return createGatewayService({
      chassis: chassis(remoteKeySet(settings.authUrl)),
      database,
      store,
      settings,
      mediaUrls: createMediaUrls({
        signingKey: settings.mediaSigningKey,
        baseUrl: settings.mediaBaseUrl ?? publicUrl,
        lifetimeSeconds: settings.mediaUrlSeconds,
      }),
      node: createNodeClient(settings.authUrl),
      upstreams: {
        auth: httpUpstream('auth', settings.authUrl),
        upload: httpUpstream('upload', settings.uploadUrl),
        catalog: httpUpstream('catalog', settings.catalogUrl),
        feed: httpUpstream('feed', settings.feedUrl),
      },
      alsoReady: worker ? { 'media-worker': httpUpstream('media-worker', worker).ready } : {},
    });
  },
});
