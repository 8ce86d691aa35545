import { createHash } from 'node:crypto';
import { type EventPayload, PREVIEW_VARIANTS, storageKeys } from '@lazyphotos/contracts';
import { isObjectStoreError, isStored, type ObjectStore, withLocalFile } from '@lazyphotos/object-storage';
import type { Places } from '@lazyphotos/places';
import type { Logger, RefuseEvent } from '@lazyphotos/service-kit';
import type { MediaMetrics } from '../metrics.js';
import { MediaError, ProcessorFaultError } from '../pipeline/errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PhotoMetadata, Preview, ProcessedPhoto } from '../pipeline/types.js';
import { CRASHED, type Ledger } from './ledger.js';

type Upload = EventPayload<'media.deferred'>['upload'];
type Result = EventPayload<'media.processed'>;

/** After so many attempts that failed without a known cause, or ended a process (the worker's or a helper's), the photo is given up. */
const MAX_ATTEMPTS = 5;
/** The longest side that the contract allows. Files that claim more exist; their size is left out. */
const LONGEST_SIDE = 1_000_000;

export interface ProcessContext {
  store: ObjectStore;
  pipeline: Pipeline;
  ledger: Ledger;
  places: Places;
  scratchDir: string;
  metrics: MediaMetrics;
  logger: Logger;
  refuse: RefuseEvent;
}

interface JobIdentity {
  photoId: string;
  userId: string;
  run: number;
}

/**
 * Processes an upload once, however often the bus delivers it. `type`: of the event that brought it.
 * @throws errors of the machine, and those that may have another cause: the bus delivers again
 */
export async function processUpload(
  context: ProcessContext,
  type: 'upload.completed' | 'media.deferred',
  upload: Upload,
  signal: AbortSignal,
): Promise<void> {
  const { store, ledger } = context;
  const { photoId, userId } = upload;
  const begun = await begin(context, type, upload);
  if (begun === 'done' || begun === 'foreign') return;
  // An attempt that was aborted may have stored a preview after the photo was purged.
  if (begun === 'purged') return removePreviews(store, userId, photoId);
  try {
    const identity = { photoId, userId, run: begun.run };
    const stop = context.metrics.duration.startTimer();
    const result =
      begun.attempt > MAX_ATTEMPTS
        ? failedResult(identity, {
            code: CRASHED,
            reason: 'Processing this file failed repeatedly',
          })
        : await withPlace(
            context,
            await derive(context, { ...identity, isSuspect: begun.attempt > 1 }, upload, signal),
            upload,
          );
    const seconds = stop();
    const isFailedRepeat = begun.isRepeat && result.outcome === 'failed';
    const isKept = await (isFailedRepeat ? ledger.keepReady(result) : ledger.finish(result));
    if (!isKept) return await removePreviews(store, userId, photoId);
    report(context, result, { seconds, isFailedRepeat });
  } catch (error) {
    if (error instanceof ProcessorFaultError && !signal.aborted) {
      context.metrics.attemptsFailed.inc();
      const { attempt } = begun;
      context.logger.warn('an attempt to process a photo failed', { photoId, attempt, error });
      throw error;
    }
    // The error says nothing about the photo. If even this cannot be written, the attempt stays counted.
    await ledger.takeBack(photoId, userId).catch(() => undefined);
    throw error;
  }
}

/**
 * Counts the attempt, if the photo is its user's. The object store proves whose it is: only the upload service stores originals, below the
 * id of their user. So a false event that came first does not keep the owner's photo from being processed.
 */
async function begin(
  { ledger, store, refuse }: ProcessContext,
  type: 'upload.completed' | 'media.deferred',
  { photoId, userId, storageKey }: Upload,
): Promise<Awaited<ReturnType<Ledger['begin']>>> {
  const ownKey = storageKeys.original(userId, photoId);
  if (storageKey !== ownKey) {
    refuse(type, "the file is not this photo's", { photoId, userId });
    return 'foreign';
  }
  const begun = await ledger.begin(photoId, userId);
  if (begun !== 'foreign') return begun;
  if (await isStored(store, ownKey)) {
    await ledger.takeOver(photoId, userId);
    return ledger.begin(photoId, userId);
  }
  refuse(type, "the photo is another user's", { photoId, userId });
  return 'foreign';
}

/** Makes and stores the previews. Returns a failure for a fault of the file, throws errors of the machine. */
async function derive(
  { store, pipeline, scratchDir, metrics, logger }: ProcessContext,
  { isSuspect, ...identity }: JobIdentity & { isSuspect: boolean },
  { storageKey, mimeType }: Upload,
  signal: AbortSignal,
): Promise<Result> {
  try {
    const photo = await withLocalFile(store, storageKey, scratchDir, (path) =>
      pipeline.process({ path, mimeType }, signal, isSuspect),
    );
    if (photo.metadataFault) {
      const { code, message } = photo.metadataFault;
      metrics.metadataUnread.inc({ reason: code });
      logger.warn('metadata could not be read', {
        photoId: identity.photoId,
        outcome: code,
        reason: message,
      });
    }
    await savePreviews(store, identity, photo.previews);
    return readyResult(identity, photo);
  } catch (error) {
    if (error instanceof MediaError)
      return failedResult(identity, { code: error.code, reason: error.message }, error);
    if (!isObjectStoreError(error, 'object_not_found')) throw error;
    return failedResult(identity, { code: 'original_missing', reason: 'The original does not exist' });
  }
}

async function savePreviews(
  store: ObjectStore,
  { userId, photoId }: JobIdentity,
  previews: readonly Preview[],
): Promise<void> {
  for (const { variant, data, contentType } of previews) {
    const sha256 = createHash('sha256').update(data).digest('hex');
    const key = storageKeys.derived(userId, photoId, variant);
    // Lost previews are made again (preview-remaker.ts), so no photo waits for the disk.
    await store.put(key, data, { contentType, metadata: { sha256 } }, { reproducible: true });
  }
}

export async function removePreviews(store: ObjectStore, userId: string, photoId: string): Promise<void> {
  for (const variant of PREVIEW_VARIANTS) await store.delete(storageKeys.derived(userId, photoId, variant));
}

/** Adds the name of the place. The location that the client announced counts if the file has none. */
async function withPlace({ places }: ProcessContext, result: Result, upload: Upload): Promise<Result> {
  const { locationLat, locationLon } = result.locationLat === undefined ? upload : result;
  if (locationLat === undefined || locationLon === undefined) return result;
  const place = await places.find(locationLat, locationLon);
  return place ? { ...result, place } : result;
}

function report(
  { metrics, logger }: ProcessContext,
  { photoId, failure }: Result,
  { seconds, isFailedRepeat }: { seconds: number; isFailedRepeat: boolean },
): void {
  const outcome = failure?.code ?? 'ready';
  const counter = isFailedRepeat ? metrics.remakesFailed : metrics.processed;
  counter.inc({ outcome });
  const message = isFailedRepeat ? 'lost previews could not be made again' : 'photo processed';
  const ms = Math.round(seconds * 1000);
  logger[failure ? 'warn' : 'info'](message, { photoId, outcome, reason: failure?.reason, ms });
}

const readyResult = (identity: JobIdentity, photo: ProcessedPhoto): Result => ({
  ...described(photo.metadata),
  ...sizeOf(photo),
  ...identity,
  outcome: 'ready',
  placeholder: photo.placeholder,
  previews: photo.previews.map(({ variant, width, height, data }) => ({
    variant,
    width,
    height,
    sizeBytes: data.length,
  })),
});

interface Size {
  width?: number | undefined;
  height?: number | undefined;
}

/** The last parameter is what could still be read of a photo that could not be shown. */
const failedResult = (
  identity: JobIdentity,
  failure: { code: string; reason: string },
  { metadata = {}, width, height }: Size & { metadata?: PhotoMetadata } = {},
): Result => ({
  ...described(metadata),
  ...sizeOf(width && height ? { width, height } : displayedSize(metadata)),
  ...identity,
  outcome: 'failed',
  failure,
  previews: [],
});

const described = ({ capturedAt, width: _width, height: _height, ...rest }: PhotoMetadata) => ({
  ...rest,
  capturedAt: capturedAt?.toISOString(),
});

/** The metadata holds the size of the stored pixels; the result has that of the displayed photo. */
const displayedSize = ({ width, height, orientation = 1 }: PhotoMetadata): Size =>
  orientation >= 5 ? { width: height, height: width } : { width, height };

const sizeOf = ({ width = 0, height = 0 }: Size): Size =>
  Math.min(width, height) >= 1 && Math.max(width, height) <= LONGEST_SIDE ? { width, height } : {};
