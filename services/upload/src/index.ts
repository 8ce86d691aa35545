export { createUploadService, type UploadService, type UploadServiceDeps } from './service.js';
export { settingKeys } from './config.js';
export { migrationsPath } from './migrations-path.js';
