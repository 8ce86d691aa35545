import { type MediaVariant, type Photo, type PhotoRecord, previewVariants } from './http/photos.js';

/** Returns the signed URL of one variant of a photo. */
export type MediaUrlFor = (userId: string, photoId: string, variant: MediaVariant) => string;

/** A photo as clients see it: the record with signed URLs for the previews that exist. */
export function photoView(record: PhotoRecord, mediaUrl: MediaUrlFor): Photo {
  const urls = previewVariants.map((variant) => [variant, mediaUrl(record.userId, record.id, variant)]);
  const thumbnails = record.processing === 'ready' ? Object.fromEntries(urls) : {};
  // A feed keeps records that are older than these fields.
  return { ...record, archived: record.archived ?? false, kind: record.kind ?? 'photo', thumbnails };
}
