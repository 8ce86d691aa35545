import { type AccountsApi, endpoints, type NodeApi } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { argon2Hasher, createPasswords, type PasswordHasher } from '@lazyphotos/passwords';
import {
  type Chassis,
  createPeriodic,
  createServiceApp,
  type JsonWebKeySet,
  type Service,
  type ServiceApp,
} from '@lazyphotos/service-kit';
import { Accounts } from './accounts/accounts.js';
import { mountAccounts } from './accounts/routes.js';
import type { AuthSettings } from './config.js';
import { Devices } from './devices/devices.js';
import { mountDevices } from './devices/routes.js';
import { Invites } from './invites/invites.js';
import { mountInvites } from './invites/routes.js';
import { KeyRing, type KeyStore } from './keys/key-ring.js';
import type { ClaimCodeStore } from './node/claim-code-file.js';
import { NodeClaim, type NodeStatus } from './node/node-claim.js';
import { createPrisma } from './prisma.js';
import { mountSessions } from './sessions/routes.js';
import { Sessions } from './sessions/sessions.js';
import { SignIn } from './sessions/sign-in.js';

export interface AuthServiceDeps {
  chassis: Chassis;
  database: Database;
  settings: AuthSettings;
  keys: KeyStore;
  claimCode: ClaimCodeStore;
  now?: () => Date;
  /** Argon2id if absent. */
  passwordHasher?: PasswordHasher;
}

export interface AuthService extends Service {
  nodeStatus(): Promise<NodeStatus & { version: string }>;
  /** The public keys that access tokens are verified with. */
  keySet(): Promise<JsonWebKeySet>;
  /** The code with which this node can be claimed; undefined once it has been claimed. Known after `start`. */
  claimCode(): Promise<string | undefined>;
  api: NodeApi & AccountsApi;
}

const SWEEP_INTERVAL_MS = 3_600_000;
/** Everybody may cache public keys; a verifier that gets an unknown `kid` requests them again anyway. */
const KEY_SET_CACHE_CONTROL = 'public, max-age=300';

/** Accounts, passwords, tokens, devices, the node's claim and invites. The caller has migrated the database. */
export function createAuthService(deps: AuthServiceDeps): AuthService {
  const { chassis, database, settings, now = () => new Date(), passwordHasher = argon2Hasher } = deps;
  const { logger, version } = chassis;
  const db = createPrisma(database);
  const keys = new KeyRing(deps.keys);
  const node = new NodeClaim({ db, store: deps.claimCode, now, logger });
  const invites = new Invites(db, now);
  const devices = new Devices(db, now);
  const passwords = createPasswords(passwordHasher);
  const sessions = new Sessions({ db, keys, devices, settings, now, logger });
  const signIn = new SignIn({ db, passwords, sessions, devices });
  const { registration } = settings;
  const accounts = new Accounts({ db, node, invites, registration, passwords, sessions, now });
  const sweeper = createPeriodic(
    'removing ended sessions',
    SWEEP_INTERVAL_MS,
    () => sessions.sweep(),
    logger,
  );

  const service = createServiceApp(chassis, { database });
  mountNode(service, { node, keys, sessions, version });
  mountAccounts(service, { accounts, sessions, logger });
  mountSessions(service, { sessions, signIn, logger });
  mountDevices(service, { db, devices, sessions });
  mountInvites(service, { invites, sessions, logger });

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: {
      isClaimed: () => node.isClaimed(),
      displayName: (userId) => accounts.displayName(userId),
    },
    nodeStatus: async () => ({ ...(await node.status()), version }),
    keySet: () => keys.keySet(),
    claimCode: () => node.claimCode(),
    start: async () => {
      await keys.start();
      await node.start();
      sweeper.start();
    },
    stop: async () => {
      await sweeper.stop();
      await db.$disconnect();
    },
  };
}

function mountNode(
  { mount }: ServiceApp,
  deps: { node: NodeClaim; keys: KeyRing; sessions: Sessions; version: string },
): void {
  const { node, keys, sessions, version } = deps;
  mount(endpoints.serverStatus, async () => ({ ...(await node.status()), version }));
  mount(endpoints.claimServer, async ({ principal, body }) =>
    node.claim(await sessions.requireUser(principal), body.ownerEmail, body.code),
  );
  mount(endpoints.jwks, async ({ res }) => {
    res.setHeader('Cache-Control', KEY_SET_CACHE_CONTROL);
    return keys.keySet();
  });
}
