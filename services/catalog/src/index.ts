export { catalogSettings, migrationsPath } from './config.js';
export { type CatalogService, type CatalogServiceDeps, createCatalogService } from './service.js';
