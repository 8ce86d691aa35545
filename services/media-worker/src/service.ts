import { availableParallelism } from 'node:os';
import { createOutboxRelay, createUnitOfWork, type Database } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import type { ObjectStore } from '@lazyphotos/object-storage';
import {
  type Chassis,
  createServiceApp,
  currentRequestId,
  relayObserver,
  type Service,
  type Settings,
  withEvent,
} from '@lazyphotos/service-kit';
import type { settingKeys } from './config.js';
import { createInHand } from './jobs/in-hand.js';
import { createLedger } from './jobs/ledger.js';
import { createPreviews } from './jobs/previews.js';
import { createProcessUpload } from './jobs/process.js';
import { createMediaMetrics } from './metrics.js';
import { createPipeline } from './pipeline/index.js';
import { createPrisma, type MediaTx } from './prisma.js';

export interface MediaWorkerDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  store: ObjectStore;
  scratchDir: string;
  settings: Settings<(typeof settingKeys)[number]>;
  now?: () => Date;
}

/** What is derived: EXIF, previews and placeholders. */
export function createMediaWorkerService(deps: MediaWorkerDeps): Service {
  const { chassis, database, bus, store, scratchDir, settings, now = () => new Date() } = deps;
  const concurrency = settings.mediaConcurrency ?? Math.max(1, Math.floor(availableParallelism() / 2));
  const db = createPrisma(database);
  const relay = createOutboxRelay({
    pool: database.pool,
    publish: (events) => bus.publish(events),
    ...relayObserver(chassis),
  });
  const unitOfWork = createUnitOfWork<MediaTx>(db, {
    nudge: () => relay.nudge(),
    requestId: currentRequestId,
  });
  const ledger = createLedger(db, unitOfWork, now);
  const previews = createPreviews(store);
  const pipeline = createPipeline({ scratchDir, maxPixels: settings.maxPixels });
  const inHand = createInHand();
  const processUpload = createProcessUpload({
    store,
    pipeline,
    previews,
    ledger,
    scratchDir,
    metrics: createMediaMetrics(chassis.metrics),
    logger: chassis.logger,
  });

  const onUpload = withEvent(chassis.logger, async (event, { signal }: { signal: AbortSignal }) => {
    if (event.type !== 'upload.completed') return;
    const upload = event.payload;
    await inHand.run(upload.photoId, () => processUpload(upload, signal));
  });
  const onPhoto = withEvent(chassis.logger, async (event) => {
    if (event.type !== 'photo.purged') return;
    const { photoId, userId } = event.payload;
    await ledger.markPurged(photoId, userId);
    await previews.remove(userId, photoId);
  });

  const service = createServiceApp(chassis, { database: database.ready, bus: bus.ready, store: store.ready });
  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    start: async () => {
      relay.start();
      await bus.consume('media-worker.upload', onUpload, { concurrency });
      await bus.consume('media-worker.photo', onPhoto, { concurrency: 2 });
    },
    stop: async () => {
      await bus.drain();
      // Ends the pictures that took longer than the bus waits; they give their attempts back.
      await pipeline.close();
      await inHand.settled();
      await relay.stop();
      await db.$disconnect();
    },
  };
}
