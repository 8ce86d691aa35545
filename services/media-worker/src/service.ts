import { availableParallelism } from 'node:os';
import { type CopiesApi, internalEndpoints, type PreviewsApi, type UserPhoto } from '@lazyphotos/contracts';
import { type Database, openOutbox } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import { DiskRoom, hasLocalFiles, type ObjectStore } from '@lazyphotos/object-storage';
import { openPlaces } from '@lazyphotos/places';
import {
  type Chassis,
  createPeriodic,
  createRefusals,
  createServiceApp,
  type Logger,
  type Service,
  withEvent,
} from '@lazyphotos/service-kit';
import pLimit from 'p-limit';
import type { MediaSettings } from './config.js';
import { Copies } from './copies/copies.js';
import { Ledger } from './jobs/ledger.js';
import { PhotoEvents } from './jobs/photo-events.js';
import { PreviewRemaker } from './jobs/preview-remaker.js';
import type { SlowPhotos } from './jobs/slow-users.js';
import { MediaMetrics } from './metrics.js';
import { ProcessorFaultError, ProcessorUnavailableError } from './pipeline/errors.js';
import { Pipeline } from './pipeline/pipeline.js';
import { createPrisma, type MediaTx } from './prisma.js';

export interface MediaWorkerDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  store: ObjectStore;
  scratchDir: string;
  settings: MediaSettings;
  now?: () => Date;
  /** Resolves when no client is uploading, or after `longestMs`; given where uploads share the processors with this service. */
  uploadsIdle?: (signal: AbortSignal, longestMs: number) => Promise<void>;
  /** How long an upload of an import waits for fresh ones at most. */
  backgroundWaitMs?: number;
  /** Which photos are slow, and how much of them delays their user's further ones. */
  slowPhotos?: SlowPhotos;
}

export interface MediaWorkerService extends Service {
  api: CopiesApi & PreviewsApi;
  /** Removes the copies that were not used for a day. Resolves to their number. */
  sweepCopies(): Promise<number>;
}

const SWEEP_INTERVAL_MS = 3_600_000;
const BACKGROUND_WAIT_MS = 30_000;
/** Uploads leave the whole reserve of the disk free; the pictures of what was uploaded may use half of it. */
const PART_OF_RESERVE = 0.5;

/** Derives metadata, previews, placeholders, names of places and copies with other metadata. */
export function createMediaWorkerService(deps: MediaWorkerDeps): MediaWorkerService {
  const { chassis, database, bus, store, scratchDir, settings, now = () => new Date() } = deps;
  const { logger } = chassis;
  const service = createServiceApp(chassis, { database, bus, store });
  const db = createPrisma(database);
  const { relay, unitOfWork } = openOutbox<MediaTx>(db, { chassis, database, bus });
  const ledger = new Ledger(database, db, unitOfWork, now);
  const metrics = new MediaMetrics(chassis.metrics);
  // One at a time, of all that takes much memory.
  const tools = { lane: pLimit(1), observer: metrics.tools };
  const { maxPixels, decodeMemoryBytes: maxMemoryBytes } = settings;
  const pipeline = new Pipeline({ scratchDir, maxPixels, maxMemoryBytes, ...tools });
  const room = new DiskRoom(store, { configured: settings.diskReserveBytes, part: PART_OF_RESERVE });
  const copies = new Copies({ db, ledger, store, room, scratchDir, metrics, logger, now, ...tools });
  const sweeping = createPeriodic('removing unused copies', SWEEP_INTERVAL_MS, () => copies.sweep(), logger);
  const previewRemaker = new PreviewRemaker({ store, ledger, metrics, logger });
  const context = { store, pipeline, ledger, places: openPlaces(), scratchDir, metrics, logger };
  const events = new PhotoEvents({
    ...context,
    refuse: createRefusals(chassis),
    unitOfWork,
    copies,
    room,
    uploadsIdle: deps.uploadsIdle,
    backgroundWaitMs: deps.backgroundWaitMs ?? BACKGROUND_WAIT_MS,
    slowPhotos: deps.slowPhotos,
  });
  const stopping = new AbortController();
  let checking = Promise.resolve();
  const api: CopiesApi & PreviewsApi = {
    makeCopy: (request) => copies.makeCopy(request),
    remakePreviews: (photo) => previewRemaker.remakePreviews(photo),
  };
  service.mount(internalEndpoints.makeCopy, ({ body }) => api.makeCopy(body));
  service.mount(internalEndpoints.remakePreviews, async ({ params }) => {
    await api.remakePreviews(params);
    return undefined;
  });
  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api,
    sweepCopies: () => copies.sweep(),
    start: async () => {
      relay.start();
      // Asked for before a photo of this start becomes the last one.
      const lastPhotos = findLastPhotos(store, ledger, logger);
      const concurrency = settings.mediaConcurrency ?? Math.max(1, Math.floor(availableParallelism() / 2));
      const isOutage = (error: unknown) => isOutageOfProcessor(error) ?? service.isOutage(error);
      await events.consume(bus, concurrency, { around: withEvent(logger), isOutage });
      sweeping.start();
      checking = previewRemaker.check(lastPhotos, stopping.signal);
    },
    stop: async () => {
      events.stopWaiting();
      stopping.abort();
      await checking;
      await bus.drain();
      await sweeping.stop();
      await copies.close();
      // Ends the pictures that took longer than the bus waits. Their attempts are uncounted.
      await pipeline.close();
      await events.settled();
      await relay.stop();
      await db.$disconnect();
    },
  };
}

/** Only files are lost in a power cut of this machine. */
async function findLastPhotos(store: ObjectStore, ledger: Ledger, logger: Logger): Promise<UserPhoto[]> {
  if (!hasLocalFiles(store)) return [];
  return ledger.lastReady().catch((error: unknown) => {
    logger.warn('the last photos could not be found', { error });
    return [];
  });
}

/** Whether no photo can be processed; false when one photo may be the cause: such failures count. Undefined for errors of others. */
function isOutageOfProcessor(error: unknown): boolean | undefined {
  if (error instanceof ProcessorFaultError) return false;
  return error instanceof ProcessorUnavailableError ? true : undefined;
}
