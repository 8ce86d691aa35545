import { fileURLToPath } from 'node:url';

export { settingKeys } from './config.js';
export type { AuthDeps } from './context.js';
export { createFileKeyStore } from './keys/file-key-store.js';
export type { KeyStore } from './keys/key-store.js';
export type { ClaimCodeStore } from './node/claim-code-store.js';
export { createFileClaimCodeStore } from './node/file-claim-code-store.js';
export { type AuthService, createAuthService } from './service.js';

/** The folder to hand to `migrate` of @lazyphotos/database. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
