import { type EventOf, storageKeys } from '@lazyphotos/contracts';
import { type NewEvent, retryOnConflict, run } from '@lazyphotos/database';
import { currentRequestId, withRequestId } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { applyMedia, withResult } from '../media/apply.js';
import { photoRecordOf } from '../photos/record.js';
import { photosJson } from '../photos/save.js';
import type { PhotoRow } from '../prisma.js';
import { newPhoto, type Upload } from './new-photo.js';
import { INSERT_PHOTOS, KNOWN_PHOTOS } from './queries.js';

/**
 * Makes an upload a photo, once: the upload service calls it for read-your-writes, before the event of the same upload comes. A result
 * of the media worker that is there already is part of the photo from the start.
 */
export const recordUpload = (context: CatalogContext, upload: Upload): Promise<void> =>
  insertPhotos(context, [{ row: newPhoto(upload), requestId: currentRequestId() }]);

/**
 * For the events of uploads: the upload service has usually recorded its photos already, so one statement finds that nothing is left to
 * do. A result of the media worker that was stored at the moment in which its photo was recorded is applied here.
 */
export async function recordUploads(
  context: CatalogContext,
  given: readonly EventOf<'upload.completed'>[],
): Promise<void> {
  const events = given.filter(({ payload }) => namesOwnFile(context, payload));
  const ids = events.map(({ payload }) => payload.photoId);
  if (ids.length === 0) return;
  const unknown = await applyWaiting(context, ids);
  if (unknown.size === 0) return;
  const missing = new Map(events.map((event) => [event.payload.photoId, event]));
  await insertPhotos(
    context,
    [...unknown].flatMap((id) => {
      const event = missing.get(id);
      return event ? [{ row: newPhoto(event.payload), requestId: event.requestId ?? event.id }] : [];
    }),
  );
  await applyWaiting(context, [...unknown]);
}

/** A photo with the file of another user would show it to this one. */
function namesOwnFile({ refuse }: CatalogContext, { userId, photoId, storageKey }: Upload): boolean {
  if (storageKey === storageKeys.original(userId, photoId)) return true;
  refuse('upload.completed', "the file is not this photo's", { photoId, userId });
  return false;
}

/** Applies stored results to photos that are recorded. Resolves to the ids that are not. */
async function applyWaiting(context: CatalogContext, ids: readonly string[]): Promise<Set<string>> {
  const known = await run(context.database, KNOWN_PHOTOS, [ids]);
  const waiting = known.flatMap(({ id, early }) => (early ? [{ id, payload: early }] : []));
  if (waiting.length > 0) await applyMedia(context, waiting);
  const found = new Set(known.map(({ id }) => id));
  return new Set(ids.filter((id) => !found.has(id)));
}

interface NewPhoto {
  row: PhotoRow;
  requestId: string | undefined;
}

/** Inserts photos with their events. Those that are there, and purged ones, are left out. */
async function insertPhotos(context: CatalogContext, photos: readonly NewPhoto[]): Promise<void> {
  const { database, unitOfWork } = context;
  let waiting = photos;
  while (waiting.length > 0) {
    const events = new Map(waiting.map((photo) => [photo.row.id, eventOf(context, photo)]));
    const rows = photosJson(waiting.map(({ row }) => row));
    const found = await retryOnConflict(() =>
      run(database, INSERT_PHOTOS, [rows, JSON.stringify(Object.fromEntries(events))]),
    );
    unitOfWork.nudge(found.flatMap(({ id, early }) => (early ? [] : (events.get(id) ?? []))));
    const results = new Map(found.flatMap(({ id, early }) => (early ? [[id, early]] : [])));
    waiting = waiting.flatMap(({ row, requestId }) => {
      const result = results.get(row.id);
      return result ? [{ row: withResult(row, result, row.uploadedAt), requestId }] : [];
    });
  }
}

function eventOf({ unitOfWork }: CatalogContext, { row, requestId }: NewPhoto): NewEvent {
  const photo = photoRecordOf(row);
  return withRequestId(requestId ?? row.id, () => unitOfWork.newEvent('photo.changed', { photo }));
}
