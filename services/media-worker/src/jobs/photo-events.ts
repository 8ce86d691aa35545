import type { EventPayload } from '@lazyphotos/contracts';
import type { UnitOfWork } from '@lazyphotos/database';
import type { ConsumeOptions, EventBus } from '@lazyphotos/messaging';
import type { DiskRoom } from '@lazyphotos/object-storage';
import type { Copies } from '../copies/copies.js';
import type { MediaTx } from '../prisma.js';
import { Foreground, InFlight } from './in-progress.js';
import { type ProcessContext, processUpload, removePreviews } from './process-upload.js';
import { type SlowPhotos, SlowUsers } from './slow-users.js';

export interface PhotoEventsDeps extends ProcessContext {
  unitOfWork: UnitOfWork<MediaTx>;
  copies: Copies;
  room: DiskRoom;
  /** Resolves when no client is uploading, or after `longestMs`; given where uploads share the processors with this service. */
  uploadsIdle: ((signal: AbortSignal, longestMs: number) => Promise<void>) | undefined;
  /** How long an upload of an import waits for fresh ones at most. */
  backgroundWaitMs: number;
  slowPhotos: SlowPhotos | undefined;
}

/** A picture waits no longer for uploads: a phone that sends slowly for hours must not stop all previews. */
const UPLOADS_WAIT_MS = 500;
/** Longer than the bus takes from one upload to the next. */
const QUIET_MS = 500;

/** Handles the events of the media worker's queues. */
export class PhotoEvents {
  readonly #deps: PhotoEventsDeps;
  readonly #inFlight = new InFlight<void>();
  readonly #foreground: Foreground;
  readonly #slowUsers: SlowUsers;

  constructor(deps: PhotoEventsDeps) {
    this.#deps = deps;
    this.#foreground = new Foreground(deps.backgroundWaitMs, QUIET_MS);
    this.#slowUsers = new SlowUsers(deps.slowPhotos);
  }

  /** `concurrency`: how many fresh uploads are processed at a time. */
  async consume(
    bus: EventBus,
    concurrency: number,
    options: Omit<ConsumeOptions, 'concurrency'>,
  ): Promise<void> {
    await bus.consume(
      'media-worker.upload',
      { 'upload.completed': ({ payload }, { signal }) => this.#onUpload(payload, signal) },
      { ...options, concurrency },
    );
    await bus.consume(
      'media-worker.background',
      { 'media.deferred': ({ payload }, { signal }) => this.#onDeferred(payload.upload, signal) },
      { ...options, concurrency: 1 },
    );
    await bus.consume(
      'media-worker.photo',
      { 'photo.purged': ({ payload }) => this.#onPurged(payload) },
      { ...options, concurrency: 2 },
    );
    await bus.consume(
      'media-worker.location',
      { 'photo.relocated': ({ payload }) => this.#onRelocated(payload) },
      { ...options, concurrency: 2 },
    );
  }

  /** Lets uploads of imports wait no longer, before the service stops. */
  stopWaiting(): void {
    this.#foreground.stopWaiting();
  }

  /** Resolves when no picture is in progress. */
  settled(): Promise<void> {
    return this.#inFlight.settled();
  }

  async #onUpload(upload: EventPayload<'upload.completed'>, signal: AbortSignal): Promise<void> {
    const { ledger, metrics } = this.#deps;
    const { userId } = upload;
    // Photos of a user whose photos take very long wait for those of others, as imports do.
    if (!upload.background && !(await this.#slowUsers.has(userId))) {
      const process = () => this.#process('upload.completed', upload, signal);
      return this.#foreground.run(() => this.#slowUsers.run(userId, process));
    }
    if (await ledger.defer(upload)) metrics.deferred.inc();
  }

  async #onDeferred(upload: EventPayload<'media.deferred'>['upload'], signal: AbortSignal): Promise<void> {
    const waited = this.#deps.metrics.backgroundWait.startTimer();
    await this.#foreground.idle(signal);
    waited();
    return this.#process('media.deferred', upload, signal);
  }

  #process(
    type: 'upload.completed' | 'media.deferred',
    upload: EventPayload<'media.deferred'>['upload'],
    signal: AbortSignal,
  ): Promise<void> {
    // By all that ownership depends on: a false event must not stand for the owner's.
    const key = [upload.userId, upload.photoId, upload.storageKey].join('/');
    return this.#inFlight.run(key, async () => {
      await this.#deps.uploadsIdle?.(signal, UPLOADS_WAIT_MS);
      // A full disk says nothing about a photo: the bus postpones the event, which uses up no attempt.
      await this.#deps.room.require(0);
      await processUpload(this.#deps, type, upload, signal);
    });
  }

  async #onPurged({ photoId, userId }: EventPayload<'photo.purged'>): Promise<void> {
    const { ledger, refuse, store, copies } = this.#deps;
    if (!(await ledger.markPurged(photoId, userId))) {
      refuse('photo.purged', "the photo is another user's", { photoId, userId });
      return;
    }
    await removePreviews(store, userId, photoId);
    await copies.remove(photoId);
  }

  /** Publishes the place at the location that a photo's owner has set. The catalog compares locations, so a repeated event is harmless. */
  async #onRelocated(payload: EventPayload<'photo.relocated'>): Promise<void> {
    const { ledger, places, unitOfWork } = this.#deps;
    const { photoId, userId, locationLat, locationLon } = payload;
    if (await ledger.isPurged(photoId)) return;
    const place = await places.find(locationLat, locationLon);
    await unitOfWork.transaction(async (_tx, emit) => {
      emit('place.found', { photoId, userId, locationLat, locationLon, ...(place && { place }) });
    });
  }
}
