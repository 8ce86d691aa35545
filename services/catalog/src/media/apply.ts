import {
  type AnnouncedDateSource,
  type EventOf,
  type EventPayload,
  isBetterSource,
  storableDate,
} from '@lazyphotos/contracts';
import { run, statement } from '@lazyphotos/database';
import { withRequestId } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { type Edits, readEdits } from '../metadata/edits.js';
import { questionAfterResult } from '../metadata/place.js';
import { changePhotos } from '../photos/change.js';
import { photoRecordOf } from '../photos/record.js';
import type { PhotoRow } from '../prisma.js';
import { storableDegrees } from '../values.js';
import { isInFeed } from '../visibility.js';

type Result = EventPayload<'media.processed'>;
/** Also a result that was stored, which has no request of its own. */
type MediaEvent = Pick<EventOf<'media.processed'>, 'id' | 'requestId' | 'payload'>;

/** Stores the newest result of each user of photos that are not recorded yet; none of a purged photo. */
const KEEP_EARLY = statement<never>(
  'keep-early-media',
  `INSERT INTO early_media AS kept (photo_id, user_id, run, payload)
  SELECT (result->>'photoId')::uuid, (result->>'userId')::uuid, (result->>'run')::int, result FROM jsonb_array_elements($1::jsonb) AS result
  WHERE NOT EXISTS (SELECT FROM purged_photos WHERE id = (result->>'photoId')::uuid) ORDER BY 1, 2
  ON CONFLICT (photo_id, user_id) DO UPDATE SET run = excluded.run, payload = excluded.payload WHERE kept.run < excluded.run`,
);

/** Removes stored results that their photos have, those of other users' photos, and those of photos that were purged meanwhile. */
const FORGET_EARLY = statement<never>(
  'forget-early-media',
  `DELETE FROM early_media AS kept WHERE photo_id = ANY($1::uuid[]) AND (
    EXISTS (SELECT FROM photos WHERE id = kept.photo_id AND media_run >= kept.run)
    OR EXISTS (SELECT FROM photos WHERE id = kept.photo_id AND user_id <> kept.user_id)
    OR EXISTS (SELECT FROM purged_photos WHERE id = kept.photo_id))`,
);

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
 * The result of a repeat, which is of the same file, replaces values of the run before and removes none.
 */
export function withResult(row: PhotoRow, result: Result, now: Date): PhotoRow {
  const edits = readEdits(row.edits);
  const known: Partial<PhotoRow> = row.mediaRun > 0 ? row : {};
  const unlessEdited = <F extends 'cameraMake' | 'cameraModel' | 'rating'>(field: F, value: PhotoRow[F]) =>
    edits.at[field] === undefined ? value : row[field];
  return {
    ...row,
    ...captureTimeOf(row, edits, result),
    ...locationOf(edits, result),
    width: result.width ?? row.width,
    height: result.height ?? row.height,
    cameraMake: unlessEdited('cameraMake', result.cameraMake ?? known.cameraMake ?? null),
    cameraModel: unlessEdited('cameraModel', result.cameraModel ?? known.cameraModel ?? null),
    rating: unlessEdited('rating', result.rating ?? known.rating ?? null),
    lensModel: result.lensModel ?? known.lensModel ?? null,
    fNumber: result.fNumber ?? known.fNumber ?? null,
    exposureTime: result.exposureTime ?? known.exposureTime ?? null,
    iso: result.iso ?? known.iso ?? null,
    focalLength: result.focalLength ?? known.focalLength ?? null,
    orientation: result.orientation ?? known.orientation ?? null,
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

/**
 * Applies results of the media worker: for each photo the newest. Older and repeated results, and those of purged photos, are dropped; a
 * result that names another user than the photo's is refused.
 * A result that comes before its photo is stored, and is applied again afterwards: the photo may have been recorded in between. The
 * recording of an upload, too, looks for a stored result after its commit, so one of the two applies it.
 */
export async function applyMedia(context: CatalogContext, events: readonly MediaEvent[]): Promise<void> {
  const newest = newestOfEach(events);
  const early = await applyTo(context, newest);
  if (early.length === 0) return;
  const waiting = new Map(early.map((id) => [id, newest.get(id) ?? []]));
  const results = [...waiting.values()].flat().map(({ payload }) => payload);
  await run(context.database, KEEP_EARLY, [JSON.stringify(results)]);
  await applyTo(context, waiting);
  await run(context.database, FORGET_EARLY, [early]);
}

/** The newest result of each user's photo, by photo: all but one user of a photo are false. */
type Newest = ReadonlyMap<string, readonly MediaEvent[]>;

/** Resolves to the ids of photos that are not recorded. */
function applyTo(context: CatalogContext, newest: Newest): Promise<string[]> {
  const { unitOfWork, now } = context;
  return changePhotos(context, [...newest.keys()], (row) => {
    const event = ownResult(context, row, newest.get(row.id) ?? []);
    if (!event || row.mediaRun >= event.payload.run) return undefined;
    const updated = withResult(row, event.payload, now());
    // The events of a batch have different requests.
    return withRequestId(event.requestId ?? event.id, () => {
      const question = questionAfterResult(updated);
      return {
        row: updated,
        events: [
          // A photo in the trash is a tombstone in the feed; what was found out shows when it comes back.
          ...(isInFeed(updated)
            ? [unitOfWork.newEvent('photo.changed', { photo: photoRecordOf(updated) })]
            : []),
          ...(question ? [unitOfWork.newEvent('photo.relocated', question)] : []),
        ],
      };
    });
  });
}

function ownResult(
  { refuse }: CatalogContext,
  { id: photoId, userId: owner }: PhotoRow,
  events: readonly MediaEvent[],
): MediaEvent | undefined {
  for (const { payload } of events)
    if (payload.userId !== owner)
      refuse('media.processed', "the photo is another user's", { photoId, userId: payload.userId });
  return events.find(({ payload }) => payload.userId === owner);
}

function newestOfEach(events: readonly MediaEvent[]): Newest {
  const byPhoto = Map.groupBy(events, ({ payload }) => payload.photoId);
  return new Map(
    [...byPhoto].map(([photoId, ofPhoto]) => {
      const byUser = Map.groupBy(ofPhoto, ({ payload }) => payload.userId);
      return [photoId, [...byUser.values()].map(newestOf)];
    }),
  );
}

const newestOf = (events: readonly MediaEvent[]): MediaEvent =>
  events.reduce((newest, event) => (event.payload.run > newest.payload.run ? event : newest));
