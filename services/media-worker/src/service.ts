import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CopiesApi,
  type EventPayload,
  internalEndpoints,
  type PreviewsApi,
  type UserPhoto,
} from '@lazyphotos/contracts';
import { type Database, openOutbox } from '@lazyphotos/database';
import type { EventBus, EventHandler } from '@lazyphotos/messaging';
import { DiskRoom, hasLocalFiles, type ObjectStore } from '@lazyphotos/object-storage';
import { openPlaces } from '@lazyphotos/places';
import {
  type Chassis,
  createPeriodic,
  createRefusals,
  createServiceApp,
  type Service,
  withEvent,
} from '@lazyphotos/service-kit';
import pLimit from 'p-limit';
import type { MediaSettings } from './config.js';
import { Copies } from './copies/copies.js';
import { Foreground, InFlight } from './jobs/in-progress.js';
import { Ledger } from './jobs/ledger.js';
import { PreviewRemaker } from './jobs/preview-remaker.js';
import { processUpload, removePreviews } from './jobs/process-upload.js';
import { MediaMetrics } from './metrics.js';
import { ProcessorUnavailableError } from './pipeline/errors.js';
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
  /** How often a picture looks for room that waits for it. */
  roomPollMs?: number;
}

export interface MediaWorkerService extends Service {
  api: CopiesApi & PreviewsApi;
  /** Removes the copies that were not used for a day. Resolves to their number. */
  sweepCopies(): Promise<number>;
}

const SWEEP_INTERVAL_MS = 3_600_000;
const BACKGROUND_WAIT_MS = 30_000;
/** A picture waits no longer for uploads: a phone that sends slowly for hours must not stop all previews. */
const UPLOADS_WAIT_MS = 500;
/** Uploads leave the whole reserve of the disk free; the pictures of what was uploaded may use half of it. */
const PART_OF_RESERVE = 0.5;
const ROOM_POLL_MS = 5000;
/** Longer than the bus takes from one upload to the next. */
const QUIET_MS = 500;

/** Derives metadata, previews, placeholders, names of places and copies with other metadata. */
export function createMediaWorkerService(deps: MediaWorkerDeps): MediaWorkerService {
  const { chassis, database, bus, store, scratchDir, settings, now = () => new Date() } = deps;
  const concurrency = settings.mediaConcurrency ?? Math.max(1, Math.floor(availableParallelism() / 2));
  const db = createPrisma(database);
  const { relay, unitOfWork } = openOutbox<MediaTx>(db, { chassis, database, bus });
  const ledger = new Ledger(database, db, unitOfWork, now);
  const inFlight = new InFlight<void>();
  const foreground = new Foreground(deps.backgroundWaitMs ?? BACKGROUND_WAIT_MS, QUIET_MS);
  const places = openPlaces();
  const metrics = new MediaMetrics(chassis.metrics);
  // What takes much memory: one at a time, whoever wants it.
  const tools = { lane: pLimit(1), observer: metrics.tools };
  const { maxPixels, decodeMemoryBytes: maxMemoryBytes } = settings;
  const pipeline = new Pipeline({ scratchDir, maxPixels, maxMemoryBytes, ...tools });
  const { logger } = chassis;
  const room = new DiskRoom(store, { configured: settings.diskReserveBytes, part: PART_OF_RESERVE });
  const copies = new Copies({ db, ledger, store, room, scratchDir, metrics, logger, now, ...tools });
  const sweeping = createPeriodic('removing unused copies', SWEEP_INTERVAL_MS, () => copies.sweep(), logger);
  const previewRemaker = new PreviewRemaker({ store, ledger, metrics, logger });
  const stopping = new AbortController();
  let checking = Promise.resolve();
  const refuse = createRefusals(chassis);
  const context = { store, pipeline, ledger, places, scratchDir, metrics, logger, refuse };

  // By all that ownership depends on: a false event must not stand for the owner's.
  const processOnce = (upload: EventPayload<'media.deferred'>['upload'], signal: AbortSignal) =>
    inFlight.run([upload.userId, upload.photoId, upload.storageKey].join('/'), async () => {
      await deps.uploadsIdle?.(signal, UPLOADS_WAIT_MS);
      await untilRoom(AbortSignal.any([signal, stopping.signal]));
      await processUpload(context, upload, signal);
    });

  /** A full disk says nothing about a photo, so no attempt is used up for it. */
  async function untilRoom(signal: AbortSignal): Promise<void> {
    for (let isWaiting = false; ((await room.look())?.left ?? 0) < 0; isWaiting = true) {
      if (!isWaiting) logger.warn('previews wait: the disk is nearly full');
      await sleep(deps.roomPollMs ?? ROOM_POLL_MS, undefined, { signal });
    }
  }

  /** Publishes the place at the location that a photo's owner has set. The catalog compares locations, so a repeated event is harmless. */
  async function findNewPlace(payload: EventPayload<'photo.relocated'>): Promise<void> {
    const { photoId, userId, locationLat, locationLon } = payload;
    if (await ledger.isPurged(photoId)) return;
    const place = await places.find(locationLat, locationLon);
    await unitOfWork.transaction(async (_tx, emit) => {
      emit('place.found', { photoId, userId, locationLat, locationLon, ...(place && { place }) });
    });
  }

  const onUpload: EventHandler<'upload.completed'> = async ({ payload }, { signal }) => {
    if (!payload.background) return foreground.run(() => processOnce(payload, signal));
    if (await ledger.defer(payload)) metrics.deferred.inc();
  };
  const onDeferred: EventHandler<'media.deferred'> = async ({ payload }, { signal }) => {
    const waited = metrics.backgroundWait.startTimer();
    await foreground.idle(signal);
    waited();
    return processOnce(payload.upload, signal);
  };
  const onPurged: EventHandler<'photo.purged'> = async ({ payload: { photoId, userId } }) => {
    if (!(await ledger.markPurged(photoId, userId))) {
      refuse('photo.purged', "the photo is another user's", { photoId, userId });
      return;
    }
    await removePreviews(store, userId, photoId);
    await copies.remove(photoId);
  };

  /** Only files are lost in a power cut of this machine. */
  async function findLastPhotos(): Promise<UserPhoto[]> {
    if (!hasLocalFiles(store)) return [];
    return ledger.lastReady().catch((error: unknown) => {
      logger.warn('the last photos could not be found', { error });
      return [];
    });
  }

  const service = createServiceApp(chassis, { database, bus, store });
  // A picture may be what ends a helper process: such failures count.
  const isOutage = (error: unknown) =>
    !(error instanceof ProcessorUnavailableError) && service.isOutage(error);
  service.mount(internalEndpoints.makeCopy, ({ body }) => copies.makeCopy(body));
  service.mount(internalEndpoints.remakePreviews, async ({ params }) => {
    await previewRemaker.remakePreviews(params);
    return undefined;
  });
  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: {
      makeCopy: (request) => copies.makeCopy(request),
      remakePreviews: (photo) => previewRemaker.remakePreviews(photo),
    },
    sweepCopies: () => copies.sweep(),
    start: async () => {
      relay.start();
      // Asked for before a photo of this start becomes the last one.
      const lastPhotos = findLastPhotos();
      const options = { around: withEvent(logger), isOutage };
      await bus.consume('media-worker.upload', { 'upload.completed': onUpload }, { concurrency, ...options });
      await bus.consume(
        'media-worker.background',
        { 'media.deferred': onDeferred },
        { concurrency: 1, ...options },
      );
      await bus.consume('media-worker.photo', { 'photo.purged': onPurged }, { concurrency: 2, ...options });
      await bus.consume(
        'media-worker.location',
        { 'photo.relocated': ({ payload }) => findNewPlace(payload) },
        { concurrency: 2, ...options },
      );
      sweeping.start();
      checking = previewRemaker.check(lastPhotos, stopping.signal);
    },
    stop: async () => {
      foreground.stopWaiting();
      stopping.abort();
      await checking;
      await bus.drain();
      await sweeping.stop();
      await copies.close();
      // Ends the pictures that took longer than the bus waits. Their attempts are uncounted.
      await pipeline.close();
      await inFlight.settled();
      await relay.stop();
      await db.$disconnect();
    },
  };
}
