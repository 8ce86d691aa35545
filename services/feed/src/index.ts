export { migrationsPath } from './migrations-path.js';
export { createFeedService, type FeedService, type FeedServiceDeps } from './service.js';
