import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyEvent,
  type EventOf,
  type EventPayload,
  type EventType,
  topology,
} from '@lazyphotos/contracts';
import { migrate, openDatabase } from '@lazyphotos/database';
import { createPgBossBus, type EventBus, type Outcome, type RetryPolicy } from '@lazyphotos/messaging';
import {
  createFilesystemStore,
  type FreeSpace,
  type LocalFiles,
  type ObjectStore,
} from '@lazyphotos/object-storage';
import {
  type Chassis,
  createAuthenticate,
  createMetrics,
  type Logger,
  newId,
  silentLogger,
} from '@lazyphotos/service-kit';
import { createTeardown, createTestDatabase, eventually, listen } from '@lazyphotos/testkit';
import type { RequestHandler } from 'express';
import type { MediaSettings } from '../src/config.js';
import { createMediaWorkerService, migrationsPath } from '../src/index.js';
import type { SlowPhotos } from '../src/jobs/slow-users.js';

export type Store = ObjectStore & LocalFiles & FreeSpace;
export type Upload = EventPayload<'upload.completed'>;
export type Result = EventPayload<'media.processed'>;

export const RETRY = { maxAttempts: 10, baseDelaySeconds: 1, maxDelaySeconds: 1 };

export const event = <T extends EventType>(type: T, payload: EventPayload<T>): AnyEvent => {
  const made: EventOf<T> = { id: newId(), type, occurredAt: new Date().toISOString(), payload };
  return made as AnyEvent;
};

/** What workers share and leave behind: database, bus, objects; and the ears of the catalog on that bus. */
export async function createGround() {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-worker-'));
  const scratch = join(folder, 'scratch');
  await mkdir(scratch);
  const [database, busDatabase] = await Promise.all([
    createTestDatabase('media'),
    createTestDatabase('media_bus'),
  ]);
  const teardown = createTeardown();
  teardown.defer(() => rm(folder, { recursive: true, force: true }));
  teardown.defer(() => busDatabase.drop());
  teardown.defer(() => database.drop());
  await migrate(database.url, migrationsPath);
  const store = await createFilesystemStore({ root: join(folder, 'objects') });
  // The workers' buses are exclusive: they announce nothing to this one, and it announces nothing to them.
  const bus = await createPgBossBus({ url: busDatabase.url, topology, retry: RETRY, pollSeconds: 1 });
  teardown.defer(() => bus.close());
  const busTables = openDatabase({ url: busDatabase.url, poolSize: 1, applicationName: 'media-test' });
  teardown.defer(busTables.close);
  const results = new Map<string, Result>();
  const places: EventPayload<'place.found'>[] = [];
  await bus.consume(
    'catalog.media',
    {
      'media.processed': async ({ id, payload }) => {
        results.set(id, payload);
      },
      'place.found': async ({ payload }) => {
        places.push(payload);
      },
    },
    { concurrency: 2 },
  );
  return {
    url: database.url,
    busUrl: busDatabase.url,
    root: join(folder, 'objects'),
    scratch,
    store,
    bus,
    /** The results that the catalog has heard of this photo, each event once. */
    resultsOf: (photoId: string): Result[] =>
      [...results.values()].filter((result) => result.photoId === photoId),
    /** The places that the catalog has heard of since the start of this photo. */
    placesOf: (photoId: string) => places.filter((found) => found.photoId === photoId),
    /** How many events of a queue are being handled. */
    beingHandled: async (queue: string): Promise<number> => {
      const { rows } = await busTables.pool.query(
        `SELECT count(*)::int AS count FROM pgboss.job WHERE name = $1 AND state = 'active'`,
        [queue],
      );
      return rows[0].count;
    },
    remove: teardown.run,
  };
}
export type Ground = Awaited<ReturnType<typeof createGround>>;

/** An original in the store and the event that tells of it, as the upload service leaves them. */
export async function storeOriginal(
  { store }: Pick<Ground, 'store'>,
  content: string | Buffer,
  mimeType = 'image/jpeg',
  userId = newId(),
): Promise<Upload> {
  const photoId = newId();
  const bytes = typeof content === 'string' ? await readFile(content) : content;
  const storageKey = `originals/${userId}/${photoId}`;
  const { etag } = await store.put(storageKey, bytes, { contentType: mimeType });
  const uploadedAt = new Date().toISOString();
  const sizeBytes = bytes.length;
  return { photoId, userId, storageKey, hash: etag, sizeBytes, mimeType, fileName: 'photo.jpg', uploadedAt };
}

export const uploaded = (upload: Upload): AnyEvent => event('upload.completed', upload);
/** The same upload as an import brings it. */
export const importedUpload = (upload: Upload): AnyEvent => uploaded({ ...upload, background: true });
export const purged = ({ photoId, userId, storageKey }: Upload): AnyEvent =>
  event('photo.purged', { photoId, userId, storageKey, version: 9, deletedAt: new Date().toISOString() });

/** Keys of the previews of a photo that are in the store. */
export async function derivedOf(
  { store }: Pick<Ground, 'store'>,
  { userId, photoId }: Upload,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`derived/${userId}/${photoId}/`))
    keys.push(key.split('/').at(-1) ?? '');
  return keys;
}

/** Resolves when a queue has nothing to hand out. */
export const idle = (bus: EventBus, queue: string): Promise<void> =>
  eventually(async () => {
    const depth = (await bus.depths()).find((one) => one.queue === queue);
    if (depth?.pending !== 0) throw new Error(`${queue} still has ${depth?.pending} events`);
  });

export interface WorkerOptions {
  ground: Ground;
  /** Stands between the worker and the store: to count, to fail, to wait. */
  store?: (real: Store) => Partial<Store>;
  settings?: Partial<MediaSettings>;
  now?: () => Date;
  backgroundWaitMs?: number;
  slowPhotos?: SlowPhotos;
  logger?: Logger;
  retry?: RetryPolicy;
  /** As in a container: its endpoints are for callers with a service token. */
  peerGuard?: RequestHandler;
}

/** One media worker on real PostgreSQL, a real bus and real files. */
export async function startWorker(options: WorkerOptions) {
  const { ground, store, settings, now, backgroundWaitMs, slowPhotos, peerGuard } = options;
  const { logger = silentLogger, retry = RETRY } = options;
  const teardown = createTeardown();
  const database = openDatabase({ url: ground.url, poolSize: 5, applicationName: 'media-test' });
  teardown.defer(database.close);
  const failures: unknown[] = [];
  const outcomes: Outcome[] = [];
  const bus = await createPgBossBus({
    url: ground.busUrl,
    topology,
    retry,
    // Events that a killed worker was handling are delivered again at once.
    exclusive: true,
    pollSeconds: 1,
    observer: {
      settled: (_queue, _type, outcome, error) => {
        outcomes.push(outcome);
        if (outcome !== 'done') failures.push(error);
      },
    },
  });
  teardown.defer(() => bus.close());
  const chassis: Chassis = {
    name: 'media-worker',
    version: '1.2.3',
    logger,
    metrics: createMetrics(),
    authenticate: createAuthenticate(async () => ({ keys: [] })),
    validateAnswers: true,
    peerGuard,
  };
  let draining = false;
  const service = createMediaWorkerService({
    chassis,
    database,
    bus: {
      ...bus,
      drain: () => {
        draining = true;
        return bus.drain();
      },
    },
    store: { ...ground.store, ...store?.(ground.store) },
    scratchDir: ground.scratch,
    settings: {
      mediaConcurrency: 2,
      maxPixels: 50_000_000,
      decodeMemoryBytes: 2 ** 28,
      diskReserveBytes: 0,
      ...settings,
    },
    ...(now && { now }),
    ...(backgroundWaitMs !== undefined && { backgroundWaitMs }),
    ...(slowPhotos && { slowPhotos }),
  });
  teardown.defer(() => service.stop());
  await service.start();
  const server = await listen(service.handler);
  teardown.defer(server.close);
  return {
    service,
    metrics: chassis.metrics,
    bus,
    url: server.url,
    pool: database.pool,
    /** What event handlers have thrown. */
    failures,
    /** Of all deliveries, in the order in which they ended. */
    outcomes,
    /** It takes no more events. */
    isDraining: () => draining,
    stop: teardown.run,
  };
}
export type Worker = Awaited<ReturnType<typeof startWorker>>;
