import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CatalogApi } from '@lazyphotos/contracts';
import { migrate, openDatabase } from '@lazyphotos/database';
import { createPgBossBus } from '@lazyphotos/messaging';
import { createFilesystemStore, type ObjectStore } from '@lazyphotos/object-storage';
import {
  createAuthenticate,
  createMetrics,
  type Logger,
  newId,
  silentLogger,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@lazyphotos/service-kit';
import {
  createTeardown,
  createTestDatabase,
  createTokenIssuer,
  eventually,
  type HttpOptions,
  http,
  listen,
} from '@lazyphotos/testkit';
import { createUploadService, migrationsPath, type UploadServiceDeps } from '../src/index.js';
import { createRecordingCatalog } from './catalog.js';
import { createEventLog } from './event-log.js';
import { createUser, originalKey, type User } from './user.js';

/** Small, so that a file of a few kilobytes has many. */
export const CHUNK = 1000;
export const HOUR_MS = 3_600_000;
export const PUBLIC_URL = 'https://photos.example.org';

const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
const topology = { 'catalog.upload': ['upload.completed'], 'upload.photo': ['photo.purged'] } as const;

/** What outlives a process: PostgreSQL, the bus and the folder of the store. Several services can run on it. */
export async function createGround() {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-upload-'));
  const teardown = createTeardown();
  teardown.defer(() => rm(folder, { recursive: true, force: true }));
  const database = await createTestDatabase('upload');
  teardown.defer(() => database.drop());
  const busDatabase = await createTestDatabase('upload_bus');
  teardown.defer(() => busDatabase.drop());
  const openBus = () => createPgBossBus({ url: busDatabase.url, topology, poolSize: 3 });
  await migrate(database.url, migrationsPath);
  const bus = await openBus();
  teardown.defer(() => bus.close());
  const events = await createEventLog(bus);
  return {
    databaseUrl: database.url,
    openBus,
    bus,
    events,
    openStore: (): Promise<ObjectStore> => createFilesystemStore({ root: join(folder, 'store') }),
    /** What the store holds of uploads that are under way. */
    stagedUploads: (): Promise<string[]> => readdir(join(folder, 'store', 'staging')),
    remove: teardown.run,
  };
}
export type Ground = Awaited<ReturnType<typeof createGround>>;

export interface Given {
  ground?: Ground;
  settings?: Partial<UploadServiceDeps['settings']>;
  catalog?: Partial<CatalogApi>;
  scanner?: UploadServiceDeps['scanner'];
  /** Wraps the store, to make it fail. */
  decorate?: (store: ObjectStore) => ObjectStore;
  logger?: Logger;
}

/** One upload service over real HTTP, PostgreSQL, files and bus; every answer is checked against its schema. */
export async function startUpload(given: Given = {}) {
  const ground = given.ground ?? (await createGround());
  const teardown = createTeardown();
  if (!given.ground) teardown.defer(ground.remove);
  const database = openDatabase({ url: ground.databaseUrl, poolSize: 5, applicationName: 'upload-test' });
  teardown.defer(database.close);
  const store = await ground.openStore();
  const bus = await ground.openBus();
  teardown.defer(() => bus.close());
  const catalog = createRecordingCatalog(given.catalog, ground.events.purged);
  const metrics = createMetrics();
  let offsetMs = 0;
  const service = createUploadService({
    chassis: {
      name: 'upload',
      version: '1.2.3',
      logger: given.logger ?? silentLogger,
      metrics,
      authenticate: createAuthenticate(issuer.keySet),
      validateAnswers: true,
    },
    database,
    bus,
    store: given.decorate?.(store) ?? store,
    catalog: catalog.api,
    publicUrl: PUBLIC_URL,
    scanner: given.scanner,
    settings: {
      chunkBytes: CHUNK,
      uploadMaxBytes: 100_000,
      archiveMaxBytes: 1_000_000,
      openUploads: 1000,
      importDir: undefined,
      importReserveBytes: 0,
      diskReserveBytes: 0,
      uploadSessionHours: 24,
      clamavMaxBytes: 100_000,
      ...given.settings,
    },
    now: () => new Date(Date.now() + offsetMs),
    importPollMs: 100,
  });
  teardown.defer(() => service.stop());
  await service.start();
  const server = await listen(service.handler);
  teardown.defer(server.close);

  const outboxIsEmpty = () =>
    eventually(async () => {
      const { rows } = await database.pool.query('SELECT count(*)::int AS count FROM outbox_messages');
      if (rows[0].count > 0) throw new Error('events are waiting in the outbox');
    });
  return {
    url: server.url,
    service,
    ground,
    /** The store itself, without the one that stands before it. */
    store,
    catalog,
    pool: database.pool,
    /** The keys of everything that this user has in the store. */
    keysOf: async (userId: string): Promise<string[]> => {
      const keys: string[] = [];
      for (const folder of ['archives', 'originals'])
        for await (const { key } of store.list(`${folder}/${userId}/`)) keys.push(key);
      return keys;
    },
    bytesOf: async (photo: { id: string; userId: string }): Promise<Buffer> => {
      const { body } = await store.get(originalKey(photo));
      return Buffer.concat(await body.toArray());
    },
    user: (id: string = newId(), role = 'member'): User => {
      const token = issuer.tokenFor(id, { role });
      return createUser(id, token, (path: string, options: HttpOptions = {}) =>
        http(server.url + path, { token, ...options }),
      );
    },
    /** The events of this photo, once everything that was committed has been published and delivered. */
    eventsOf: async (photoId: string) => {
      await outboxIsEmpty();
      return ground.events.of(photoId);
    },
    /** Publishes what the catalog would, and waits until it has been handled. */
    purge: async ({ id, userId }: { id: string; userId: string }) => {
      ground.events.purged.add(id);
      await ground.events.announcePurge(userId, id);
    },
    /** Publishes what somebody else might, and waits until it has been handled. */
    forgePurge: ground.events.announcePurge,
    metric: (name: string): Promise<string> => metrics.registry.getSingleMetricAsString(name),
    /** Moves the service's clock. */
    advance: (ms: number) => {
      offsetMs += ms;
    },
    stop: teardown.run,
  };
}
export type UploadNode = Awaited<ReturnType<typeof startUpload>>;
