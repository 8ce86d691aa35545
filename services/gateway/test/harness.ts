import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopiesApi, NodeApi, PreviewsApi, SharesApi } from '@lazyphotos/contracts';
import { migrate, openDatabase } from '@lazyphotos/database';
import { createFilesystemStore, type ObjectStore } from '@lazyphotos/object-storage';
import {
  type BodyLimits,
  type Chassis,
  createAuthenticate,
  createHttpServer,
  createMediaUrls,
  createMetrics,
  createShareSigning,
  listen,
  newId,
  ProblemError,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@lazyphotos/service-kit';
import {
  createTestDatabase,
  createTokenIssuer,
  type HttpOptions,
  type HttpReply,
  http,
  type LogLine,
  recordingLogger,
} from '@lazyphotos/testkit';
import type { GatewaySettings } from '../src/config.js';
import { createGatewayService, type GatewayDeps, migrationsPath } from '../src/index.js';
import { createProbe, type Probe, type UpstreamKind } from './probe.js';

export const SIGNING_KEY = 'a signing key for the tests of the gateway';

const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
export const tokenOf = (userId: string = newId(), claims: object = {}): string =>
  issuer.tokenFor(userId, claims);

const routed = ['auth', 'upload', 'catalog', 'feed'] as const;
type Routed = (typeof routed)[number];

export interface Ground {
  url: string;
  root: string;
  remove(): Promise<void>;
}

/** What a gateway leaves in PostgreSQL and on disk; it can be started again on it. */
export async function createGround(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-gateway-'));
  const database = await createTestDatabase('gateway');
  await migrate(database.url, migrationsPath);
  return {
    url: database.url,
    root: join(folder, 'objects'),
    remove: async () => {
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a test may change while the gateway runs. */
export interface GatewayState {
  claimed: boolean | 'unknown';
  /** The time at which its clock stands still; undefined while it runs. */
  stoppedAt: number | undefined;
}

export interface GatewayOptions {
  kind?: UpstreamKind;
  ground?: Ground;
  settings?: Partial<GatewaySettings>;
  store?: (real: ObjectStore) => ObjectStore;
  /** Whether the gateway's store is that of a node in one process, to which no other process writes. */
  exclusive?: boolean;
  databaseUrl?: string;
  /** The clock by which previews in memory age. */
  monotonicNow?: () => number;
  shares?: SharesApi;
  copies?: CopiesApi;
  previews?: PreviewsApi;
  shareMediaSeconds?: number;
  /** Of pages and pictures of share links; nothing, unless a test looks at whole URLs. */
  publicUrl?: string;
  mediaBaseUrl?: string;
  /** How long it lets a service over HTTP say nothing; as in production. */
  silenceMs?: number;
  /** How long it waits for bodies; as in production. */
  bodyLimits?: BodyLimits;
  /** How long a client may take no byte; as in production. */
  stallMs?: number;
}

const probesOf = async (kind: UpstreamKind, silenceMs?: number): Promise<Record<Routed, Probe>> => {
  const entries = await Promise.all(
    routed.map(async (name) => [name, await createProbe(name, kind, silenceMs)] as const),
  );
  return Object.fromEntries(entries) as Record<Routed, Probe>;
};

const chassisOf = (logs: LogLine[], bodyLimits?: BodyLimits): Chassis => ({
  name: 'gateway',
  version: '1.2.3',
  logger: recordingLogger(logs).logger,
  metrics: createMetrics(),
  authenticate: createAuthenticate(issuer.keySet),
  validateAnswers: true,
  bodyLimits,
});

/** Stands in for the auth service, as the gateway asks it. */
const nodeOf = (state: GatewayState): NodeApi => ({
  isClaimed: async () => {
    if (state.claimed === 'unknown') throw new ProblemError('service_unavailable');
    return state.claimed;
  },
});

const away = async () => {
  throw new ProblemError('service_unavailable');
};

const created = async (deps: GatewayDeps) => createGatewayService(deps);

/** A gateway over real HTTP, PostgreSQL and files, in front of services that answer as the test wants. */
export async function startGateway(options: GatewayOptions = {}) {
  const ground = options.ground ?? (await createGround());
  const databaseUrl = options.databaseUrl ?? ground.url;
  const database = openDatabase({ url: databaseUrl, poolSize: 5, applicationName: 'gateway-test' });
  const store = await createFilesystemStore({
    root: ground.root,
    exclusive: options.exclusive ?? false,
  });
  const services = await probesOf(options.kind ?? 'in the same process', options.silenceMs);
  const logs: LogLine[] = [];
  const state: GatewayState = { claimed: true, stoppedAt: undefined };
  const now = () => state.stoppedAt ?? Date.now();
  const mediaUrls = createMediaUrls({
    signingKey: SIGNING_KEY,
    baseUrl: '',
    lifetimeSeconds: 3600,
    now,
  });
  const shareSigning = createShareSigning({
    signingKey: SIGNING_KEY,
    publicUrl: options.publicUrl ?? '',
    mediaBaseUrl: options.mediaBaseUrl ?? options.publicUrl ?? '',
    lifetimeSeconds: options.shareMediaSeconds ?? 900,
    now,
  });
  const release = async () => {
    for (const probe of Object.values(services)) await probe.close();
    await store.close();
    await database.close();
    if (!options.ground) await ground.remove();
  };
  const deps: GatewayDeps = {
    chassis: chassisOf(logs, options.bodyLimits),
    database,
    store: options.store?.(store) ?? store,
    mediaUrls,
    shareSigning,
    node: nodeOf(state),
    shares: options.shares ?? { view: away, unlock: away },
    copies: options.copies ?? { makeCopy: away },
    previews: options.previews ?? { remakePreviews: away },
    upstreams: {
      auth: services.auth.upstream,
      upload: services.upload.upstream,
      catalog: services.catalog.upstream,
      feed: services.feed.upstream,
    },
    settings: {
      requestsPerMinute: 100_000,
      signInAttempts: 5,
      trustedProxies: undefined,
      mediaDelivery: 'proxy',
      previewCacheBytes: 0,
      upstreamConnections: 128,
      chunksInFlight: 96,
      downloadsInFlight: 96,
      queueSeconds: 10,
      ...options.settings,
    },
    now: () => new Date(now()),
    ...(options.monotonicNow && { monotonicNow: options.monotonicNow }),
    ...(options.stallMs === undefined ? {} : { stallMs: options.stallMs }),
  };
  const service = await created(deps).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  await service.start();
  let stopped = false;
  const server = await listen(createHttpServer(service.handler), 0, '127.0.0.1');
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    port: server.port,
    store,
    root: ground.root,
    services,
    mediaUrls,
    shareSigning,
    metrics: deps.chassis.metrics,
    logs,
    state,
    call: (path: string, request?: HttpOptions): Promise<HttpReply> => http(url + path, request),
    stop: async () => {
      if (stopped) return;
      stopped = true;
      await server.close(0);
      await service.stop();
      await release();
    },
  };
}
export type Gateway = Awaited<ReturnType<typeof startGateway>>;
