export { migrationsPath, scannerSettings, uploadSettings } from './config.js';
export { type ClamdAddress, createClamdScanner } from './malware/clamd.js';
export { createUploadService, type UploadService, type UploadServiceDeps } from './service.js';
