import type { EventPayload } from '@lazyphotos/contracts';
import { isObjectStoreError, type ObjectStore, withLocalFile } from '@lazyphotos/object-storage';
import type { Places } from '@lazyphotos/places';
import type { Logger } from '@lazyphotos/service-kit';
import type { MediaMetrics } from '../metrics.js';
import { MediaError, type Pipeline } from '../pipeline/index.js';
import type { Begun, Ledger } from './ledger.js';
import type { Previews } from './previews.js';
import { failedResult, type JobIdentity, readyResult } from './result.js';

type Upload = EventPayload<'upload.completed'>;
type Result = EventPayload<'media.processed'>;

/** A picture that was being processed this often when the process died is taken for the cause. */
const MAX_ATTEMPTS = 5;

export interface ProcessDeps {
  store: ObjectStore;
  pipeline: Pipeline;
  previews: Previews;
  ledger: Ledger;
  places: Places;
  scratchDir: string;
  metrics: MediaMetrics;
  logger: Logger;
}

const failureOf = (identity: JobIdentity, error: unknown): Result | undefined => {
  if (error instanceof MediaError) {
    const { code, message: reason } = error;
    return failedResult(identity, { code, reason }, error);
  }
  if (!isObjectStoreError(error, 'object_not_found')) return undefined;
  return failedResult(identity, { code: 'original_missing', reason: 'The original is not there' });
};

/** Processes an upload once, whatever the bus repeats. Faults of the machine are thrown: the bus delivers again. */
export function createProcessUpload(deps: ProcessDeps) {
  const { store, pipeline, previews, ledger, places, scratchDir, metrics, logger } = deps;

  const derive = async (identity: JobIdentity, upload: Upload, signal: AbortSignal): Promise<Result> => {
    const { storageKey, mimeType } = upload;
    try {
      const photo = await withLocalFile(store, storageKey, scratchDir, (path) =>
        pipeline.process({ path, mimeType }, signal),
      );
      await previews.save(identity.userId, identity.photoId, photo.previews);
      return readyResult(identity, photo);
    } catch (error) {
      const failure = failureOf(identity, error);
      if (!failure) throw error;
      return failure;
    }
  };

  /** The location that the client announced counts where the file has none. */
  const withPlace = async (result: Result, upload: Upload): Promise<Result> => {
    const { locationLat, locationLon } = result.locationLat === undefined ? upload : result;
    if (locationLat === undefined || locationLon === undefined) return result;
    const place = await places.find(locationLat, locationLon);
    return place ? { ...result, place } : result;
  };

  const attempt = async (
    identity: JobIdentity,
    upload: Upload,
    begun: Begun,
    signal: AbortSignal,
  ): Promise<void> => {
    const stop = metrics.duration.startTimer();
    const result =
      begun.attempt > MAX_ATTEMPTS
        ? failedResult(identity, {
            code: 'processor_crashed',
            reason: 'Processing this file ended the worker repeatedly',
          })
        : await withPlace(await derive(identity, upload, signal), upload);
    const seconds = stop();
    const kept = await ledger.finish(result);
    if (!kept) return previews.remove(identity.userId, identity.photoId);
    const outcome = result.failure?.code ?? 'ready';
    metrics.processed.inc({ outcome });
    const level = result.failure ? 'warn' : 'info';
    const { photoId } = identity;
    logger[level]('photo processed', {
      photoId,
      outcome,
      reason: result.failure?.reason,
      ms: Math.round(seconds * 1000),
    });
  };

  return async (upload: Upload, signal: AbortSignal): Promise<void> => {
    const { photoId, userId } = upload;
    const begun = await ledger.begin(photoId, userId);
    if (begun === 'done') return;
    // An attempt that was cut short may have stored a preview after the photo was purged.
    if (begun === 'purged') return previews.remove(userId, photoId);
    try {
      await attempt({ photoId, userId, run: begun.run }, upload, begun, signal);
    } catch (error) {
      // It says nothing about the photo. If not even this can be written, the attempt stays counted.
      await ledger.takeBack(photoId).catch(() => undefined);
      throw error;
    }
  };
}
