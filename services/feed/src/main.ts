import { runContainer } from '@lazyphotos/runtime';
import { migrationsPath } from './config.js';
import { createFeedService } from './service.js';

await runContainer({
  name: 'feed',
  env: process.env,
  settings: {},
  needs: ['database', 'bus', 'mediaUrls'],
  calls: ['auth'],
  migrationsPath,
  create: createFeedService,
});
