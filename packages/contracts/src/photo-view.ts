import { type MediaVariant, type Photo, type PhotoRecord, previewVariants } from './http/photos.js';
import type { Place } from './http/place.js';

/** Returns the signed URL of one variant of a photo. */
export type MediaUrlFor = (userId: string, photoId: string, variant: MediaVariant) => string;

/**
 * A photo as clients see it: the record with signed URLs for the previews that exist, and its place in the words of `localPlace`.
 */
export function photoView(
  record: PhotoRecord,
  mediaUrl: MediaUrlFor,
  localPlace: (place: Place) => Place = (place) => place,
): Photo {
  const urls = previewVariants.map((variant) => [variant, mediaUrl(record.userId, record.id, variant)]);
  const thumbnails = record.processing === 'ready' ? Object.fromEntries(urls) : {};
  // A feed keeps records that are older than these fields.
  const { archived = false, kind = 'photo', place } = record;
  return { ...record, archived, kind, place: place && localPlace(place), thumbnails };
}
