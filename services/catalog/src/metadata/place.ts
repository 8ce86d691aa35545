import type { EventPayload } from '@lazyphotos/contracts';
import type { CatalogContext } from '../context.js';
import { changePhotos } from '../photos/change.js';
import { photoRecordOf } from '../photos/record.js';
import type { PhotoRow } from '../prisma.js';
import { isInFeed } from '../visibility.js';
import { readEdits } from './edits.js';

type Location = Pick<PhotoRow, 'locationLat' | 'locationLon'>;

const isSameLocation = (a: Location, b: Location): boolean =>
  a.locationLat === b.locationLat && a.locationLon === b.locationLon;

/** Returns the event that asks for the name of a photo's place, when its location has no known place. */
function questionOf(row: PhotoRow): EventPayload<'photo.relocated'> | undefined {
  const { id: photoId, userId, version, locationLat, locationLon, place } = row;
  if (locationLat === null || locationLon === null || place !== null) return undefined;
  return { photoId, userId, version, locationLat, locationLon };
}

/**
 * Returns the event that asks for the place of a location that the user, or an import, has set before the file was processed: the place
 * in the result is that of another location, or that of the same one when the client had announced it.
 */
export const questionAfterResult = (row: PhotoRow): EventPayload<'photo.relocated'> | undefined =>
  readEdits(row.edits).at.location === undefined ? undefined : questionOf(row);

/** Returns the event that asks for the name of an edited photo's place, when its new location has no known place. */
export function relocationOf(before: PhotoRow, row: PhotoRow): EventPayload<'photo.relocated'> | undefined {
  return isSameLocation(before, row) && before.place === null ? undefined : questionOf(row);
}

/** Stores the name of a photo's place, if the photo still has that location. */
export async function setPlace(
  context: CatalogContext,
  { photoId, userId, place, ...location }: EventPayload<'place.found'>,
): Promise<void> {
  // Nothing is near in the middle of an ocean.
  if (!place) return;
  await changePhotos(context, [photoId], (row) => {
    if (row.userId !== userId) {
      context.refuse('place.found', "the photo is another user's", { photoId, userId });
      return undefined;
    }
    // The event comes more than once.
    if (!isSameLocation(row, location) || isSamePlace(row.place, place)) return undefined;
    const placed = { ...row, place, version: row.version + 1, updatedAt: context.now() };
    const shown = isInFeed(placed) ? [{ photo: photoRecordOf(placed) }] : [];
    return { row: placed, events: shown.map((photo) => context.unitOfWork.newEvent('photo.changed', photo)) };
  });
}

/** PostgreSQL keeps the members of JSON in an order of its own. */
function isSamePlace(a: unknown, b: object): boolean {
  const sorted = (place: unknown) => JSON.stringify(Object.entries(place ?? {}).sort());
  return sorted(a) === sorted(b);
}
