export { settingKeys } from './config.js';
export { migrationsPath } from './migrations-path.js';
export { createUploadService, type UploadService, type UploadServiceDeps } from './service.js';
