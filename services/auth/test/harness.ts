import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openDatabase } from '@lazyphotos/database';
import { createAuthenticate, createMetrics } from '@lazyphotos/service-kit';
import {
  createTeardown,
  createTestDatabase,
  type HttpOptions,
  type HttpReply,
  http,
  type LogLine,
  listen,
  recordingLogger,
} from '@lazyphotos/testkit';

import {
  type AuthService,
  type AuthServiceDeps,
  createAuthService,
  createFileClaimCodeStore,
  createFileKeyStore,
  migrationsPath,
} from '../src/index.js';

export const PASSWORD = 'correct horse battery';
export const DAY_MS = 86_400_000;

export interface Account {
  id: string;
  email: string;
  token: string;
  refreshToken: string;
}

export type AuthNode = Awaited<ReturnType<typeof startAuth>>;

export type Overrides = Partial<Pick<AuthServiceDeps, 'keys' | 'claimCode' | 'passwordHasher'>>;

/** The data of a node on disk and in PostgreSQL. Several services can run on it, one after the other or at once. */
export async function createFixture() {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-auth-'));
  const database = await createTestDatabase('auth');
  const teardown = createTeardown();
  teardown.defer(() => rm(folder, { recursive: true, force: true }));
  teardown.defer(() => database.drop());
  await migrate(database.url, migrationsPath);
  return {
    url: database.url,
    dataDir: join(folder, 'data'),
    keysDir: join(folder, 'keys'),
    remove: teardown.run,
  };
}
export type Fixture = Awaited<ReturnType<typeof createFixture>>;

/** Starts an auth service over real HTTP and PostgreSQL. Every response is checked against its schema. */
export async function startAuth(
  settings: Partial<AuthServiceDeps['settings']> = {},
  given: { fixture?: Fixture; overrides?: Overrides } = {},
) {
  const fixture = given.fixture ?? (await createFixture());
  const teardown = createTeardown();
  if (!given.fixture) teardown.defer(fixture.remove);
  const database = openDatabase({ url: fixture.url, poolSize: 8, applicationName: 'auth-test' });
  teardown.defer(database.close);
  const logs: LogLine[] = [];
  let offsetMs = 0;
  const service: AuthService = createAuthService({
    chassis: {
      name: 'auth',
      version: '1.2.3',
      logger: recordingLogger(logs).logger,
      metrics: createMetrics(),
      authenticate: createAuthenticate(() => service.keySet()),
      validateAnswers: true,
    },
    database,
    settings: { registration: 'invite', accessTokenSeconds: 900, refreshTokenDays: 90, ...settings },
    keys: createFileKeyStore(fixture.keysDir),
    claimCode: createFileClaimCodeStore(fixture.dataDir),
    now: () => new Date(Date.now() + offsetMs),
    ...given.overrides,
  });
  teardown.defer(() => service.stop());
  await service.start();
  const server = await listen(service.handler);
  teardown.defer(server.close);
  return {
    service,
    fixture,
    logs,
    pool: database.pool,
    call: (path: string, options?: HttpOptions): Promise<HttpReply> => http(server.url + path, options),
    /** Moves the service's clock, forwards or back. */
    advance: (ms: number) => {
      offsetMs += ms;
    },
    stop: teardown.run,
  };
}

type Call = Pick<AuthNode, 'call'>;

export const register = ({ call }: Call, email: string, code?: string): Promise<HttpReply> =>
  call('/auth/register', { json: { email, password: PASSWORD, ...(code === undefined ? {} : { code }) } });

export const login = ({ call }: Call, email: string, more: object = {}): Promise<HttpReply> =>
  call('/auth/login', { json: { email, password: PASSWORD, ...more } });

export const refresh = ({ call }: Call, refreshToken: string): Promise<HttpReply> =>
  call('/auth/refresh', { json: { refreshToken } });

export function toAccount({ body }: HttpReply): Account {
  return {
    id: body.user.id,
    email: body.user.email,
    token: body.accessToken,
    refreshToken: body.refreshToken,
  };
}

/** Makes the first account, which claims the node. */
export async function claimNode(node: AuthNode, email = 'owner@example.org'): Promise<Account> {
  const code = await node.service.claimCode();
  const owner = toAccount(await register(node, email, code));
  const reply = await node.call('/servers/claim', { token: owner.token, json: { ownerEmail: email, code } });
  if (reply.status !== 200) throw new Error(`the node was not claimed: ${reply.text}`);
  return owner;
}

export async function invite(node: Call, by: Account, wanted: object = {}): Promise<string> {
  const reply = await node.call('/invites', { token: by.token, json: wanted });
  if (reply.status !== 201) throw new Error(`no invite: ${reply.text}`);
  return reply.body.code;
}

/** Makes another account, with an invite of `by`. */
export async function addMember(node: Call, by: Account, email: string, role = 'member'): Promise<Account> {
  return toAccount(await register(node, email, await invite(node, by, { role })));
}
