import { createHash, randomBytes } from 'node:crypto';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { type MediaUrls, newId, type SignedVariant } from '@lazyphotos/service-kit';

export interface Picture {
  userId: string;
  photoId: string;
  bytes: Buffer;
  sha256: string;
  /** Path and query of a signed URL. */
  url: string;
}

export interface PictureOptions {
  variant?: SignedVariant;
  bytes?: Buffer;
  fileName?: string;
  contentType?: string;
  /** The name that is signed into the URL. */
  savedAs?: string;
}

/** Stores a picture as the upload service and the media worker do. */
export async function storePicture(
  { store, mediaUrls }: { store: ObjectStore; mediaUrls: MediaUrls },
  options: PictureOptions = {},
): Promise<Picture> {
  const {
    variant = 'original',
    bytes = randomBytes(10_000),
    fileName,
    contentType = 'image/jpeg',
    savedAs,
  } = options;
  const [userId, photoId] = [newId(), newId()];
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key =
    variant === 'original' ? `originals/${userId}/${photoId}` : `derived/${userId}/${photoId}/${variant}`;
  const metadata = { sha256, ...(fileName === undefined ? {} : { 'file-name': fileName }) };
  await store.put(key, bytes, { contentType, metadata });
  return { userId, photoId, bytes, sha256, url: mediaUrls.sign(userId, photoId, variant, savedAs).url };
}
