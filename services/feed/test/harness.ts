import { type AnyEvent, type ServiceName, topology } from '@lazyphotos/contracts';
import { migrate, openDatabase } from '@lazyphotos/database';
import { createPgBossBus, type EventBus, type RetryPolicy } from '@lazyphotos/messaging';
import {
  type Chassis,
  createAuthenticate,
  createMediaUrls,
  createMetrics,
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
  type HttpReply,
  http,
  listen,
} from '@lazyphotos/testkit';
import { createFeedService, migrationsPath } from '../src/index.js';
import type { PageLimits } from '../src/queries.js';

export const mediaUrls = createMediaUrls({
  signingKey: 'a signing key for the tests of the feed',
  baseUrl: 'https://photos.example.org',
  lifetimeSeconds: 3600,
});

const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
export const tokenOf = (userId: string): string => issuer.tokenFor(userId);
const serviceKeys = createServiceKeys();

/** The headers of a request of that service. */
export const asService = (name: ServiceName) => headersOf(name, 'feed', serviceKeys);

/** What replicas of the service share: a migrated database and a bus. */
export async function createGround() {
  const [database, busDatabase] = await Promise.all([
    createTestDatabase('feed'),
    createTestDatabase('feed_bus'),
  ]);
  const teardown = createTeardown();
  teardown.defer(() => busDatabase.drop());
  teardown.defer(() => database.drop());
  await migrate(database.url, migrationsPath);
  return {
    url: database.url,
    busUrl: busDatabase.url,
    drop: teardown.run,
  };
}
export type Ground = Awaited<ReturnType<typeof createGround>>;

/** Resolves when the feed has handled everything that was published; fails at once for a dead letter. */
async function settled(bus: EventBus): Promise<void> {
  await eventually(
    async () => {
      const depths = await bus.depths();
      const feed = depths.filter(({ queue }) => queue.startsWith('feed.'));
      if (feed.some(({ pending }) => pending > 0)) throw new Error('events are still being handled');
    },
    { intervalMs: 20 },
  );
}

const chassis = (alone: boolean): Chassis => ({
  name: 'feed',
  version: '1.2.3',
  logger: silentLogger,
  metrics: createMetrics(),
  authenticate: createAuthenticate(issuer.keySet),
  validateAnswers: true,
  peerGuard: alone ? guardOf('feed', serviceKeys) : undefined,
});

interface Given {
  pageLimits?: PageLimits;
  ground?: Ground;
  alone?: boolean;
  /** Another way to the database of the ground. */
  databaseUrl?: string;
  retry?: RetryPolicy;
}

/**
 * One feed service over real HTTP, PostgreSQL and a real bus, every response checked against its schema. `alone`: as in a process
 * of its own, where it serves only other services, and has internal routes.
 */
export async function startFeed(given: Given = {}) {
  const ground = given.ground ?? (await createGround());
  const teardown = createTeardown();
  if (!given.ground) teardown.defer(ground.drop);
  const database = openDatabase({
    url: given.databaseUrl ?? ground.url,
    poolSize: 5,
    applicationName: 'feed-test',
  });
  teardown.defer(database.close);
  const failures: unknown[] = [];
  const outcomes: string[] = [];
  let handled = 0;
  const bus = await createPgBossBus({
    url: ground.busUrl,
    topology,
    ...(given.retry && { retry: given.retry }),
    observer: {
      settled: (_queue, _type, outcome, error) => {
        handled += 1;
        outcomes.push(outcome);
        if (outcome !== 'done') failures.push(error);
      },
    },
  });
  teardown.defer(() => bus.close());
  const service = createFeedService({
    chassis: chassis(given.alone ?? false),
    database,
    bus,
    mediaUrls,
    ...(given.pageLimits && { pageLimits: given.pageLimits }),
  });
  teardown.defer(() => service.stop());
  await service.start();
  const server = await listen(service.handler);
  teardown.defer(server.close);

  const get = (userId: string, query = ''): Promise<HttpReply> =>
    http(`${server.url}/feed${query}`, { token: tokenOf(userId) });
  return {
    service,
    ground,
    bus,
    database,
    /** The service's connections to its database. */
    pool: database.pool,
    url: server.url,
    /** What event handlers have thrown. */
    failures,
    /** What became of each delivery. */
    outcomes,
    /** How many events it has handled, repeats included. */
    handled: () => handled,
    get,
    publish: (...events: AnyEvent[]): Promise<void> => bus.publish(events),
    settled: () => settled(bus),
    /** Publishes, and waits until the feed has handled it all. */
    deliver: async (...events: AnyEvent[]): Promise<void> => {
      await bus.publish(events);
      await settled(bus);
    },
    stop: teardown.run,
  };
}
export type Feed = Awaited<ReturnType<typeof startFeed>>;
