import type { Database } from '@lazyphotos/database';
import type { PasswordHasher } from '@lazyphotos/passwords';
import type { Chassis, Settings } from '@lazyphotos/service-kit';
import type { settingKeys } from './config.js';
import type { Prisma, PrismaClient } from './generated/prisma/client.js';
import type { KeyStore } from './keys/key-store.js';
import type { ClaimCodeStore } from './node/claim-code-store.js';

export type AuthSettings = Settings<(typeof settingKeys)[number]>;
/** The client of a transaction under way. */
export type Tx = Prisma.TransactionClient;
/** The client, or a transaction of it. */
export type Db = PrismaClient | Tx;
/** The time; tests hand in their own. */
export type Clock = () => Date;

export interface AuthDeps {
  chassis: Chassis;
  database: Database;
  settings: AuthSettings;
  keys: KeyStore;
  claimCode: ClaimCodeStore;
  clock?: Clock;
  /** Argon2id if absent. */
  passwordHasher?: PasswordHasher;
}
