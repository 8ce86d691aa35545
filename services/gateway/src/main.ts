import { runContainer } from '@lazyphotos/runtime';
import { gatewaySettings, migrationsPath } from './config.js';
import { remoteServices } from './remote-services.js';
import { createGatewayService } from './service.js';

await runContainer({
  name: 'gateway',
  env: process.env,
  isPublic: true,
  settings: gatewaySettings,
  needs: ['database', 'readOnlyStore', 'mediaUrls', 'shareSigning'],
  calls: ['auth', 'upload', 'catalog', 'feed', 'media-worker'],
  migrationsPath,
  create: ({ peers, urls, readOnlyStore: store, ...needed }) =>
    createGatewayService({ ...needed, store, ...remoteServices(peers, urls) }),
});
