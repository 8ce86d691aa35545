import { runContainer } from '@lazyphotos/runtime';
import { createAccountsClient, createCopies, createFeedClient } from './clients.js';
import { catalogSettings, migrationsPath } from './config.js';
import { createCatalogService } from './service.js';

await runContainer({
  name: 'catalog',
  env: process.env,
  settings: catalogSettings,
  needs: ['database', 'bus', 'mediaUrls', 'shareSigning'],
  calls: ['auth', 'feed', 'media-worker'],
  migrationsPath,
  create: ({ peers, urls, ...needed }) =>
    createCatalogService({
      ...needed,
      accounts: createAccountsClient(peers, urls.auth),
      feed: createFeedClient(peers, urls.feed),
      copies: createCopies(peers, urls['media-worker']),
    }),
});
