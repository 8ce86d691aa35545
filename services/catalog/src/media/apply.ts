import {
  type AnnouncedDateSource,
  type EventPayload,
  isBetterSource,
  storableDate,
} from '@lazyphotos/contracts';
import type { CatalogContext } from '../context.js';
import { type Edits, readEdits } from '../metadata/edits.js';
import { questionAfterResult } from '../metadata/place.js';
import { lockPhoto, lockPhotoRow } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import { savePhotos } from '../photos/save.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { storableDegrees } from '../values.js';
import { isInFeed } from '../visibility.js';

type Result = EventPayload<'media.processed'>;

/** The fields of a capture time that is not from the file itself; no zone comes with it. */
export const announcedTime = (capturedAt: Date, capturedAtSource: AnnouncedDateSource) =>
  ({ capturedAt, capturedAtSource, capturedAtOffset: null, sortAt: capturedAt }) satisfies Partial<PhotoRow>;

/**
 * Returns the fields of a photo's location, if the user has not set another. Without a location in the file, the announced one stays, and
 * the place in the result belongs to it.
 */
function locationOf(edits: Edits, result: Result): Partial<PhotoRow> {
  const { locationLat, locationLon, altitude, place } = result;
  if (edits.at.location !== undefined) return {};
  if (locationLat === undefined || locationLon === undefined) return place ? { place } : {};
  return {
    locationLat: storableDegrees(locationLat),
    locationLon: storableDegrees(locationLon),
    altitude: altitude ?? null,
    place: place ?? null,
  };
}

/**
 * Returns the capture time, if the file has one and the user has not set another; without one the known time stays. A sidecar's date
 * stays, or is restored, where the file's is less believable.
 */
function captureTimeOf(row: PhotoRow, edits: Edits, result: Result): Partial<PhotoRow> {
  const capturedAt = storableDate(result.capturedAt);
  if (edits.at.capturedAt !== undefined || !capturedAt) return {};
  const { sidecarDate } = row;
  if (sidecarDate && result.capturedAtSource && isBetterSource('sidecar', result.capturedAtSource))
    return announcedTime(sidecarDate, 'sidecar');
  return {
    capturedAt,
    capturedAtSource: result.capturedAtSource ?? null,
    capturedAtOffset: result.capturedAtOffset ?? null,
    sortAt: capturedAt,
  };
}

/**
 * Returns a photo's row with a processing result. The user's edits stay; otherwise the file's own values replace what the client announced.
 */
export function withResult(row: PhotoRow, result: Result, now: Date): PhotoRow {
  const edits = readEdits(row.edits);
  const unlessEdited = <F extends 'cameraMake' | 'cameraModel' | 'rating'>(field: F, value: PhotoRow[F]) =>
    edits.at[field] === undefined ? value : row[field];
  return {
    ...row,
    ...captureTimeOf(row, edits, result),
    ...locationOf(edits, result),
    width: result.width ?? row.width,
    height: result.height ?? row.height,
    cameraMake: unlessEdited('cameraMake', result.cameraMake ?? null),
    cameraModel: unlessEdited('cameraModel', result.cameraModel ?? null),
    rating: unlessEdited('rating', result.rating ?? null),
    lensModel: result.lensModel ?? null,
    fNumber: result.fNumber ?? null,
    exposureTime: result.exposureTime ?? null,
    iso: result.iso ?? null,
    focalLength: result.focalLength ?? null,
    orientation: result.orientation ?? null,
    kind: result.kind ?? row.kind,
    processing: result.outcome,
    failureCode: result.failure?.code ?? null,
    failureReason: result.failure?.reason ?? null,
    placeholder: result.placeholder ?? null,
    mediaRun: result.run,
    version: row.version + 1,
    updatedAt: now,
  };
}

/** Stores the newest result of a photo that is not recorded yet. */
async function keepForLater(tx: CatalogTx, result: Result): Promise<void> {
  const { photoId, run } = result;
  const kept = await tx.earlyMedia.findUnique({ where: { photoId } });
  if (kept && kept.run >= run) return;
  await tx.earlyMedia.upsert({
    where: { photoId },
    create: { photoId, run, payload: result },
    update: { run, payload: result },
  });
}

/** Applies a result of the media worker. Older and repeated results, and those of purged photos, are dropped. */
export const applyMedia = ({ unitOfWork, now }: CatalogContext, result: Result): Promise<void> =>
  unitOfWork.transaction(async (tx, emit) => {
    await lockPhoto(tx, result.photoId);
    await lockPhotoRow(tx, result.photoId);
    const row = await tx.photo.findUnique({ where: { id: result.photoId } });
    if (!row) {
      const purged = await tx.purgedPhoto.count({ where: { id: result.photoId } });
      if (purged === 0) await keepForLater(tx, result);
      return;
    }
    if (row.mediaRun >= result.run) return;
    const updated = withResult(row, result, now());
    await savePhotos(tx, [updated]);
    // A photo in the trash is a tombstone in the feed; what was found out shows when it comes back.
    if (isInFeed(updated)) emit('photo.changed', { photo: photoRecordOf(updated) });
    const question = questionAfterResult(updated);
    if (question) emit('photo.relocated', question);
  });
