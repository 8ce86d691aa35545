import {
  type AnyEvent,
  type CopiesApi,
  type EventPayload,
  type FeedApi,
  type ServiceName,
  topology,
} from '@lazyphotos/contracts';
import { migrate, openDatabase, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { createPgBossBus, type EventBus } from '@lazyphotos/messaging';
import {
  createAuthenticate,
  createMediaUrls,
  createMetrics,
  createShareSigning,
  type Logger,
  newId,
  silentLogger,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@lazyphotos/service-kit';
import { guardOf, headersOf } from '@lazyphotos/service-kit/testing';
import {
  createServiceKeys,
  createTeardown,
  createTestDatabase,
  createTokenIssuer,
  eventually,
  type HttpOptions,
  http,
  listen,
} from '@lazyphotos/testkit';
import { createCatalogService, migrationsPath } from '../src/index.js';
import { recordStatements } from './statements.js';
import { createUser, type User } from './user.js';

export const DAY_MS = 86_400_000;

export const mediaUrls = createMediaUrls({
  signingKey: 'a signing key for the tests of the catalog',
  baseUrl: 'https://photos.example.org',
  lifetimeSeconds: 3600,
});

export const SIGNING_KEY = 'a signing key for the tests of the catalog';
/** The display names that the auth service knows. */
export const displayNames = new Map<string, string>();

const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
const serviceKeys = createServiceKeys();

/** The headers of a request of that service. */
export const asService = (name: ServiceName) => headersOf(name, 'catalog', serviceKeys);

export interface Given {
  feed?: FeedApi;
  copies?: CopiesApi;
  /** As in a process of its own: it accepts only other services, and has internal routes. */
  alone?: boolean;
  trashDays?: number;
  poolSize?: number;
  /** How long requests wait for a connection; the same as in production if not given. */
  maxWaitMs?: number;
  /** Of the database; the server's default if not given. */
  locale?: string;
  logger?: Logger;
  /** A database that an earlier service has left; it is not dropped in the end. */
  databaseUrl?: string;
}

/** A database of its own, or the one that is given. */
async function databaseFor({ databaseUrl, locale }: Given) {
  if (databaseUrl !== undefined) return { url: databaseUrl, drop: async () => {} };
  const database = await createTestDatabase('catalog', { locale });
  await migrate(database.url, migrationsPath);
  return database;
}

/** One catalog service over real HTTP, PostgreSQL and bus; every response is checked against its schema. */
export async function startCatalog(given: Given = {}) {
  const [ground, busGround] = await Promise.all([databaseFor(given), createTestDatabase('catalog_bus')]);
  const teardown = createTeardown();
  teardown.defer(() => Promise.all([ground.drop(), busGround.drop()]));
  const database = openDatabase({
    url: ground.url,
    poolSize: given.poolSize ?? 8,
    applicationName: 'catalog-test',
    ...(given.maxWaitMs && { limits: { ...TRANSACTION_OPTIONS, maxWait: given.maxWaitMs } }),
  });
  teardown.defer(database.close);
  const statements = recordStatements(database.pool);
  const failures: unknown[] = [];
  const bus = await createPgBossBus({
    url: busGround.url,
    topology,
    observer: { settled: (_queue, _type, outcome, error) => outcome !== 'done' && failures.push(error) },
  });
  teardown.defer(() => bus.close());
  const metrics = createMetrics();
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  const service = createCatalogService({
    chassis: {
      name: 'catalog',
      version: '1.2.3',
      logger: given.logger ?? silentLogger,
      metrics,
      authenticate: createAuthenticate(issuer.keySet),
      validateAnswers: true,
      peerGuard: given.alone ? guardOf('catalog', serviceKeys) : undefined,
    },
    database,
    bus,
    feed: given.feed ?? { headCursor: async (userId) => `head-of-${userId}` },
    copies: given.copies ?? { makeCopy: async ({ storageKey }) => ({ key: storageKey }) },
    mediaUrls,
    accounts: { displayName: async (userId) => displayNames.get(userId) },
    shareSigning: createShareSigning({
      signingKey: SIGNING_KEY,
      publicUrl: 'https://photos.example.org',
      mediaBaseUrl: 'https://cdn.example.org',
      lifetimeSeconds: 900,
      now: () => now().getTime(),
    }),
    settings: { trashDays: given.trashDays ?? 30 },
    now,
  });
  let stopped: Promise<void> | undefined;
  const stopService = () => {
    stopped ??= service.stop();
    return stopped;
  };
  teardown.defer(stopService);
  await service.start();
  const published = await collect(bus);
  const relocated = await collectRelocations(bus);
  const server = await listen(service.handler);
  teardown.defer(server.close);

  const queueIsEmpty = (...queues: string[]) =>
    eventually(
      async () => {
        const waiting = (await bus.depths()).filter(
          ({ queue, pending }) => queues.includes(queue) && pending > 0,
        );
        if (waiting.length > 0) throw new Error(`events are waiting: ${waiting.map(({ queue }) => queue)}`);
      },
      { intervalMs: 20 },
    );
  const outboxIsEmpty = () =>
    eventually(async () => {
      const { rows } = await database.pool.query('SELECT count(*)::int AS count FROM outbox_messages');
      if (rows[0].count > 0) throw new Error('events are waiting in the outbox');
    });

  return {
    url: server.url,
    service,
    pool: database.pool,
    databaseUrl: ground.url,
    statements,
    /** What event handlers have thrown. */
    failures,
    user: (id: string = newId()): User => {
      const token = issuer.tokenFor(id);
      const call = (path: string, options: HttpOptions = {}) =>
        http(server.url + path, {
          token,
          ...options,
          headers: { ...asService('gateway'), ...options.headers },
        });
      return createUser(id, call, service.api);
    },
    publish: (...events: AnyEvent[]): Promise<void> => bus.publish(events),
    /** Publishes what other services would, and waits until it has been handled. */
    deliver: async (...events: AnyEvent[]): Promise<void> => {
      await bus.publish(events);
      await queueIsEmpty('catalog.upload', 'catalog.media');
    },
    /** What the service has published about this user, once everything that was committed is out. */
    eventsOf: async (userId: string): Promise<AnyEvent[]> => {
      await outboxIsEmpty();
      await queueIsEmpty('feed.photo', 'feed.album');
      return published.filter((event) => userOf(event) === userId);
    },
    /** What the media worker has been asked about places of this user's photos. */
    relocationsOf: async (userId: string): Promise<EventPayload<'photo.relocated'>[]> => {
      await outboxIsEmpty();
      await queueIsEmpty('media-worker.location');
      return relocated.filter((payload) => payload.userId === userId);
    },
    metric: (name: string): Promise<string> => metrics.registry.getSingleMetricAsString(name),
    /** Moves the service's clock. */
    advance: (ms: number) => {
      offsetMs += ms;
    },
    /** Stops the service and leaves its database open. */
    stopService,
    stop: teardown.run,
  };
}
export type CatalogNode = Awaited<ReturnType<typeof startCatalog>>;

/** Consumes questions for places, as the media worker does. */
async function collectRelocations(bus: EventBus) {
  const relocated: EventPayload<'photo.relocated'>[] = [];
  await bus.consume(
    'media-worker.location',
    {
      'photo.relocated': async ({ payload }) => {
        relocated.push(payload);
      },
    },
    { concurrency: 2 },
  );
  return relocated;
}

/** Consumes what the catalog publishes, as the feed does. */
async function collect(bus: EventBus): Promise<AnyEvent[]> {
  const published: AnyEvent[] = [];
  const keep = async (event: AnyEvent) => {
    published.push(event);
  };
  const photos = { 'photo.changed': keep, 'photo.trashed': keep, 'photo.purged': keep };
  await bus.consume('feed.photo', photos, { concurrency: 2 });
  await bus.consume('feed.album', { 'album.changed': keep, 'album.deleted': keep }, { concurrency: 2 });
  return published;
}

function userOf({ type, payload }: AnyEvent): string {
  if (type === 'photo.changed') return payload.photo.userId;
  if (type === 'media.deferred') return payload.upload.userId;
  return type === 'album.changed' ? payload.album.userId : payload.userId;
}
