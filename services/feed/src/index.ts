export { migrationsPath } from './config.js';
export { createFeedService, type FeedService, type FeedServiceDeps } from './service.js';
