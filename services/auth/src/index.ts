import { fileURLToPath } from 'node:url';

export { settingKeys } from './config.js';
export { createFileKeyStore } from './keys/file-key-store.js';
export type { KeyStore } from './keys/key-ring.js';
export { type ClaimCodeStore, createFileClaimCodeStore } from './node/claim-code-file.js';
export { type AuthService, type AuthServiceDeps, createAuthService } from './service.js';

/** The folder to give to `migrate` of @lazyphotos/database. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
