export { type MediaSettings, mediaFolders, mediaSettings, migrationsPath } from './config.js';
export { createMediaWorkerService, type MediaWorkerDeps, type MediaWorkerService } from './service.js';
