import type { CatalogApi } from '@lazyphotos/contracts';
import { type Database, openOutbox, type UnitOfWork } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import type { ObjectStore } from '@lazyphotos/object-storage';
import {
  type Chassis,
  createPeriodic,
  createRefusals,
  createServiceApp,
  type Dependency,
  type Service,
  withEvent,
} from '@lazyphotos/service-kit';
import { KeyedLock } from '@lazyphotos/system';
import { mountArchiveRoutes } from './archives.js';
import { ChunkLock } from './chunks/chunk-lock.js';
import { PrefixHashes } from './chunks/prefix-hash.js';
import { mountChunkRoute } from './chunks/put.js';
import { ClientActivity } from './client-activity.js';
import { mountCompletionRoute } from './completion/complete.js';
import type { UploadSettings } from './config.js';
import type { UploadContext } from './context.js';
import { createImports } from './imports/imports.js';
import type { MalwareScanner } from './malware/scan.js';
import { UploadMetrics } from './metrics.js';
import { purgeOriginal } from './originals.js';
import { createPrisma, type UploadDb, type UploadTx } from './prisma.js';
import { expireSessions } from './sessions/expiry.js';
import { mountSessionRoutes } from './sessions/routes.js';
import { UploadSessions } from './sessions/sessions.js';
import { UploadRoom } from './upload-room.js';

export interface UploadServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  store: ObjectStore;
  catalog: CatalogApi;
  /** Scans every upload before it is accepted; if there is none, uploads are not scanned. */
  scanner?: MalwareScanner | undefined;
  publicUrl: string;
  settings: UploadSettings;
  now?: () => Date;
  /** How often waiting imports are checked. */
  importPollMs?: number;
}

const EXPIRY_INTERVAL_MS = 15 * 60_000;

export interface UploadService extends Service {
  /** Expires sessions and cleans up now, not at the next interval. */
  expire(): Promise<number>;
  /** Resolves when no client is uploading, or after `longestMs`. @throws when `signal` aborts */
  waitUntilIdle(signal: AbortSignal, longestMs: number): Promise<void>;
}

export function createUploadService(deps: UploadServiceDeps): UploadService {
  const { chassis, database, bus, store } = deps;
  const { logger } = chassis;
  const db = createPrisma(database);
  const { relay, unitOfWork } = openOutbox<UploadTx>(db, { chassis, database, bus });
  const context = createContext(deps, db, unitOfWork);
  const expire = () => expireSessions(context);
  const expiry = createPeriodic('expiry of upload sessions', EXPIRY_INTERVAL_MS, expire, logger);

  const service = createServiceApp(chassis, { database, bus, store: withReserve(store, context) });
  mountSessionRoutes(service, context);
  mountChunkRoute(service, context);
  mountCompletionRoute(service, context);
  mountArchiveRoutes(service, context);
  const imports = createImports(service, context, database.pool, deps.importPollMs);

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    expire,
    waitUntilIdle: (signal, longestMs) => context.clients.waitUntilIdle(signal, longestMs),
    start: async () => {
      relay.start();
      await bus.consume(
        'upload.photo',
        { 'photo.purged': ({ payload }) => purgeOriginal(context, payload) },
        { concurrency: 2, around: withEvent(logger), isOutage: service.isOutage },
      );
      expiry.start();
      imports.start();
    },
    stop: async () => {
      await bus.drain();
      await Promise.all([expiry.stop(), imports.stop()]);
      await relay.stop();
      await db.$disconnect();
    },
  };
}

/** Also shows as full when only the reserve is left. */
const withReserve = (store: ObjectStore, { room }: UploadContext): Dependency => ({
  ready: async () => {
    await store.ready();
    await room.check();
  },
});

function createContext(
  {
    chassis,
    database,
    store,
    catalog,
    scanner,
    publicUrl,
    settings,
    now = () => new Date(),
  }: UploadServiceDeps,
  db: UploadDb,
  unitOfWork: UnitOfWork<UploadTx>,
): UploadContext {
  const { logger } = chassis;
  const metrics = new UploadMetrics(chassis.metrics);
  const { diskReserveBytes } = settings;
  const lifetimeMs = settings.uploadSessionHours * 3_600_000;
  return {
    database,
    db,
    unitOfWork,
    store,
    catalog,
    sessions: new UploadSessions(database, db, store, lifetimeMs, logger, now),
    prefixes: new PrefixHashes(),
    chunkLock: new ChunkLock(),
    sessionLock: new KeyedLock(),
    replaceLock: new KeyedLock(),
    importLock: new KeyedLock(),
    scanner,
    clients: new ClientActivity(),
    room: new UploadRoom({ store, diskReserveBytes, metrics, logger }),
    settings,
    publicUrl,
    metrics,
    refuse: createRefusals(chassis),
    logger,
    now,
  };
}
