import { runContainer } from '@lazyphotos/runtime';
import { createAccountsClient } from './accounts-client.js';
import { catalogSettings, migrationsPath } from './config.js';
import { createCopies } from './copies-client.js';
import { createFeedClient } from './feed-client.js';
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
