import { VERSION } from '@lazyphotos/contracts';
import { openWhenMigrated } from '@lazyphotos/database';
import { openStore } from '@lazyphotos/object-storage';
import {
  createCopiesClient,
  createMediaUrls,
  createShareSigning,
  remoteKeySet,
  runContainer,
  storeSettingKeys,
} from '@lazyphotos/service-kit';
import { settingKeys } from './config.js';
import { httpUpstream } from './http-upstream.js';
import { migrationsPath } from './migrations-path.js';
import { createNodeClient } from './node-client.js';
import { createGatewayService } from './service.js';
import { createSharesClient } from './shares/shares-client.js';

await runContainer({
  name: 'gateway',
  version: VERSION,
  env: process.env,
  isPublic: true,
  settings: [
    ...settingKeys,
    ...storeSettingKeys,
    'mediaBaseUrl',
    'mediaSigningKey',
    'mediaUrlSeconds',
    'shareMediaSeconds',
    'authUrl',
    'uploadUrl',
    'catalogUrl',
    'feedUrl',
    'mediaWorkerUrl',
  ],
  compose: async ({ settings, stops, chassis, databaseOptions, publicUrl, peers }) => {
    const database = await openWhenMigrated({ ...databaseOptions, migrationsPath });
    stops.add('database', database.close);
    const store = await openStore(settings, { readOnly: true });
    stops.add('store', store.close);
    const signingKey = settings.mediaSigningKey;
    const mediaBaseUrl = settings.mediaBaseUrl ?? publicUrl;
    return createGatewayService({
      chassis: chassis(remoteKeySet(peers, settings.authUrl)),
      database,
      store,
      settings,
      mediaUrls: createMediaUrls({
        signingKey,
        baseUrl: mediaBaseUrl,
        lifetimeSeconds: settings.mediaUrlSeconds,
      }),
      shareSigning: createShareSigning({
        signingKey,
        publicUrl,
        mediaBaseUrl,
        lifetimeSeconds: settings.shareMediaSeconds,
      }),
      shares: createSharesClient(peers, settings.catalogUrl),
      copies: createCopiesClient(peers, settings.mediaWorkerUrl),
      node: createNodeClient(peers, settings.authUrl),
      upstreams: {
        auth: httpUpstream('auth', settings.authUrl, peers),
        upload: httpUpstream('upload', settings.uploadUrl, peers),
        catalog: httpUpstream('catalog', settings.catalogUrl, peers),
        feed: httpUpstream('feed', settings.feedUrl, peers),
      },
      alsoReady: { 'media-worker': httpUpstream('media-worker', settings.mediaWorkerUrl, peers).ready },
    });
  },
});
