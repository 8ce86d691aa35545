export { settingKeys } from './config.js';
export { type ClamdAddress, createClamdScanner } from './malware/clamd.js';
export { migrationsPath } from './migrations-path.js';
export { createUploadService, type UploadService, type UploadServiceDeps } from './service.js';
