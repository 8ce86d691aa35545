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
import { createChunkTurns } from './chunks/turns.js';
import { createAnnounce } from './completion/announce.js';
import { createCommit } from './completion/commit.js';
import { createCompleteUpload } from './completion/complete.js';
import type { settingKeys } from './config.js';
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
  const complete = createCompleteUpload({
    store,
    sessions,
    staging,
    prefixes,
    announce: createAnnounce(db, catalog, logger),
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
  const putChunk = createPutChunk({
    store,
    sessions,
    staging,
    prefixes,
    chunkTurns: createChunkTurns(),
    onBytes,
  });
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
  mountSessionRoutes(service, { sessions, staging, createSession, putChunk, complete });

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    expire,
    start: async () => {
      relay.start();
      await bus.consume(
        'upload.photo',
        withEvent(logger, async (event) => {
          if (event.type === 'photo.purged') await purge(event.payload);
        }),
        { concurrency: 2 },
      );
      expiry.start();
    },
    stop: async () => {
      await bus.drain();
      await expiry.stop();
      await relay.stop();
      await db.$disconnect();
    },
  };
}
