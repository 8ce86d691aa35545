import type { CatalogApi } from '@lazyphotos/contracts';
import { createOutboxRelay, createUnitOfWork, type Database } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import type { ObjectStore } from '@lazyphotos/object-storage';
import {
  type Chassis,
  createPeriodic,
  createServiceApp,
  currentRequestId,
  relayObserver,
  type Service,
  type Settings,
  withEvent,
} from '@lazyphotos/service-kit';
import { createArchiveDeletion } from './archives/deletion.js';
import { mountArchiveRoutes } from './archives/routes.js';
import { createPrefixHashes } from './chunks/prefix-hash.js';
import { createPutChunk } from './chunks/put.js';
import { createStoreChunk } from './chunks/store.js';
import { createChunkTurns } from './chunks/turns.js';
import { createAnnounce } from './completion/announce.js';
import { createCommit } from './completion/commit.js';
import { createCompleteUpload } from './completion/complete.js';
import type { settingKeys } from './config.js';
import { createClientActivity } from './imports/client-activity.js';
import { createImports } from './imports/imports.js';
import { createKeyedLock } from './keyed-lock.js';
import { createMalwareCheck, withoutMalwareCheck } from './malware/check.js';
import type { MalwareScanner } from './malware/scanner.js';
import { createUploadMetrics } from './metrics.js';
import { createPurgeOriginal } from './originals/purge.js';
import { createPrisma, type UploadTx } from './prisma.js';
import { createAbortAbandoned } from './sessions/abandoned.js';
import { createCreateSession } from './sessions/create.js';
import { createExpiry } from './sessions/expiry.js';
import { createSessionRepository } from './sessions/repository.js';
import { mountSessionRoutes } from './sessions/routes.js';
import { createStaging } from './sessions/staging.js';

export interface UploadServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  store: ObjectStore;
  catalog: CatalogApi;
  /** Looks at every upload before it is accepted; none: uploads are not scanned. */
  scanner?: MalwareScanner | undefined;
  publicUrl: string;
  settings: Settings<(typeof settingKeys)[number]>;
  now?: () => Date;
  /** How often imports are looked at that wait for something. */
  importPollMs?: number;
}

const EXPIRY_INTERVAL_MS = 15 * 60_000;

export interface UploadService extends Service {
  /** Ends overdue sessions and cleans up after ended ones now, not at the next interval. */
  expire(): Promise<number>;
}

/** What comes in: upload sessions, chunks, verification. */
export function createUploadService(deps: UploadServiceDeps): UploadService {
  const { chassis, database, bus, store, catalog, publicUrl, settings, now = () => new Date() } = deps;
  const { logger } = chassis;
  const db = createPrisma(database);
  const metrics = createUploadMetrics(chassis.metrics);
  const relay = createOutboxRelay({
    pool: database.pool,
    publish: (events) => bus.publish(events),
    ...relayObserver(chassis),
  });
  const unitOfWork = createUnitOfWork<UploadTx>(db, {
    nudge: () => relay.nudge(),
    requestId: currentRequestId,
  });
  const sessions = createSessionRepository(db, {
    lifetimeMs: settings.uploadSessionHours * 3_600_000,
    now,
  });
  const staging = createStaging(store, sessions, logger);
  const prefixes = createPrefixHashes();
  const onBytes = (count: number) => metrics.bytes.inc(count);
  const announce = createAnnounce(db, catalog, logger);
  const complete = createCompleteUpload({
    store,
    sessions,
    staging,
    prefixes,
    announce,
    checkMalware: deps.scanner
      ? createMalwareCheck({ store, scanner: deps.scanner, maxBytes: settings.clamavMaxBytes, logger })
      : withoutMalwareCheck,
    logger,
    now,
    sessionLock: createKeyedLock(),
    commit: createCommit(unitOfWork),
    onOutcome: (outcome) => metrics.outcomes.inc({ outcome }),
  });
  const createSession = createCreateSession({
    db,
    sessions,
    staging,
    catalog,
    publicUrl,
    now,
    maxBytes: settings.uploadMaxBytes,
    archiveMaxBytes: settings.archiveMaxBytes,
    chunkSize: settings.chunkBytes,
  });
  const storeChunk = createStoreChunk({ store, sessions, staging, prefixes, onBytes });
  const putChunk = createPutChunk({ sessions, storeChunk, chunkTurns: createChunkTurns() });
  const purge = createPurgeOriginal(db, store);
  const abortAbandoned = createAbortAbandoned({ store, sessions, logger, now });
  const deletion = createArchiveDeletion({ db, store, logger, now });
  const expire = createExpiry({
    sessions,
    staging,
    abortAbandoned,
    finishDeletions: deletion.finish,
    logger,
    now,
  });
  const expiry = createPeriodic('expiry of upload sessions', EXPIRY_INTERVAL_MS, expire, logger);

  const service = createServiceApp(chassis, { database: database.ready, bus: bus.ready, store: store.ready });
  mountArchiveRoutes(service, { db, deletion });
  const clients = createClientActivity();
  mountSessionRoutes(service, {
    sessions,
    staging,
    createSession,
    putChunk: (session, offset, req) => clients.during(() => putChunk(session, offset, req)),
    complete: (session) => clients.during(() => complete(session)),
  });
  const imports = createImports(service, {
    chassis,
    db,
    database,
    store,
    catalog,
    sessions,
    createSession,
    storeChunk,
    complete,
    announce,
    clients,
    settings,
    now,
    pollMs: deps.importPollMs,
  });

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    expire,
    start: async () => {
      relay.start();
      await bus.consume(
        'upload.photo',
        { 'photo.purged': ({ payload }) => purge(payload) },
        { concurrency: 2, around: withEvent(logger) },
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
