export { authFolders, authSettings, migrationsPath } from './config.js';
export { createFileKeyStore } from './keys/file-key-store.js';
export type { KeyStore } from './keys/key-ring.js';
export { type ClaimCodeStore, createFileClaimCodeStore } from './node/claim-code-file.js';
export { type AuthService, type AuthServiceDeps, createAuthService } from './service.js';
