export { settingKeys } from './config.js';
export { migrationsPath } from './migrations-path.js';
export { createMediaWorkerService, type MediaWorkerDeps, type MediaWorkerService } from './service.js';
