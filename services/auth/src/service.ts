import type { AccountsApi, NodeApi } from '@lazyphotos/contracts';
import { TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { argon2Hasher, createPasswords } from '@lazyphotos/passwords';
import { createPeriodic, createServiceApp, type JsonWebKeySet, type Service } from '@lazyphotos/service-kit';
import { createAccounts } from './accounts/accounts.js';
import { createAdmission } from './accounts/admission.js';
import { mountAccounts } from './accounts/routes.js';
import type { AuthDeps } from './context.js';
import { createDevices } from './devices/devices.js';
import { mountDevices } from './devices/routes.js';
import { PrismaClient } from './generated/prisma/client.js';
import { createInvites } from './invites/invites.js';
import { mountInvites } from './invites/routes.js';
import { createKeyRing } from './keys/key-ring.js';
import { mountKeys } from './keys/routes.js';
import { createNode, type NodeStatus } from './node/node.js';
import { mountNode } from './node/routes.js';
import { createAccessTokens } from './sessions/access-tokens.js';
import { createLogin } from './sessions/login.js';
import { mountSessions } from './sessions/routes.js';
import { createSessions } from './sessions/sessions.js';
import { createSignedIn } from './sessions/signed-in.js';

const SWEEP_INTERVAL_MS = 3_600_000;

export interface AuthService extends Service {
  nodeStatus(): Promise<NodeStatus & { version: string }>;
  /** The public keys that access tokens are verified with. */
  keySet(): Promise<JsonWebKeySet>;
  /** The code with which this node can be claimed; undefined once it has been. Known after `start`. */
  claimCode(): Promise<string | undefined>;
  api: NodeApi & AccountsApi;
}

/** Everything between the ports: builds the objects in the order in which they need each other. */
function compose(deps: AuthDeps) {
  const { chassis, database, settings, keys: keyStore, claimCode } = deps;
  const { clock = () => new Date(), passwordHasher = argon2Hasher } = deps;
  const { logger } = chassis;
  const db = new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
  const keys = createKeyRing(keyStore);
  const node = createNode({ db, claimCode, clock, logger });
  const invites = createInvites({ db, clock });
  const devices = createDevices({ db, clock });
  const passwords = createPasswords(passwordHasher);
  const accessTokens = createAccessTokens({ keys, clock, lifetimeSeconds: settings.accessTokenSeconds });
  const sessions = createSessions({ db, accessTokens, devices, settings, clock, logger });
  const login = createLogin({ db, passwords, sessions, devices });
  const admission = createAdmission({ node, invites, registration: settings.registration });
  const accounts = createAccounts({ db, admission, passwords, sessions, clock });
  const sweeper = createPeriodic('removing ended sessions', SWEEP_INTERVAL_MS, sessions.sweep, logger);
  return {
    db,
    keys,
    node,
    invites,
    devices,
    sessions,
    login,
    accounts,
    sweeper,
    signedIn: createSignedIn(db),
  };
}

/** Accounts, passwords, tokens, devices, the node's claim and invites. The caller has migrated the database. */
export function createAuthService(deps: AuthDeps): AuthService {
  const { chassis, database } = deps;
  const { logger, version } = chassis;
  const { db, keys, node, invites, devices, sessions, login, accounts, sweeper, signedIn } = compose(deps);
  const serviceApp = createServiceApp(chassis, { database: database.ready });
  mountNode(serviceApp, { node, signedIn, version });
  mountAccounts(serviceApp, { accounts, signedIn, logger });
  mountSessions(serviceApp, { sessions, login, signedIn, logger });
  mountDevices(serviceApp, { db, devices, signedIn });
  mountInvites(serviceApp, { invites, signedIn, logger });
  mountKeys(serviceApp, keys);
  return {
    name: chassis.name,
    handler: serviceApp.app,
    ready: serviceApp.ready,
    start: async () => {
      await keys.start();
      await node.start();
      sweeper.start();
    },
    stop: async () => {
      await sweeper.stop();
      await db.$disconnect();
    },
    nodeStatus: async () => ({ ...(await node.status()), version }),
    keySet: keys.keySet,
    claimCode: node.claimCode,
    api: { isClaimed: node.isClaimed, displayName: accounts.displayName },
  };
}
