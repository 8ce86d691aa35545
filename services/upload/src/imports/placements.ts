import type { ImportedPhoto } from '@lazyphotos/contracts';
import type { UploadDb } from '../prisma.js';

interface Placement {
  photoId: string;
  albumId: string;
}

/**
 * Returns the photos without the albums that an import has put them into before: their owner may have taken them out since. An entry is
 * settled after the catalog was told of it, so one that is settled has been placed.
 */
export async function withoutPlaced(db: UploadDb, photos: ImportedPhoto[]): Promise<ImportedPhoto[]> {
  const inAlbums = photos.filter(({ albumIds }) => albumIds.length > 0);
  if (inAlbums.length === 0) return photos;
  const photoIds = inAlbums.map(({ photoId }) => photoId);
  const albumIds = inAlbums.flatMap((photo) => photo.albumIds);
  const placed = await db.$queryRaw<Placement[]>`
    SELECT DISTINCT e.photo_id AS "photoId", f.album_id AS "albumId"
    FROM import_entries e JOIN import_folders f ON f.import_id = e.import_id AND f.path = e.folder
    WHERE e.photo_id = ANY(${photoIds}::uuid[]) AND f.album_id = ANY(${albumIds}::uuid[])
      AND e.outcome IN ('imported', 'duplicate')`;
  const isPlaced = ({ photoId, albumId }: Placement) =>
    placed.some((one) => one.photoId === photoId && one.albumId === albumId);
  return photos.map((photo) => ({
    ...photo,
    albumIds: photo.albumIds.filter((albumId) => !isPlaced({ photoId: photo.photoId, albumId })),
  }));
}
