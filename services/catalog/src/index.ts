export { settingKeys } from './config.js';
export { migrationsPath } from './migrations-path.js';
export { type CatalogService, type CatalogServiceDeps, createCatalogService } from './service.js';
