import { type Photo, photoView } from '@lazyphotos/contracts';
import { notFound, placesForRequest } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import type { PhotoRow } from '../prisma.js';
import { purgeTime, trashDaysOf } from '../trash/retention.js';
import type { ListedPhoto } from './columns.js';
import { photoRecordOf } from './record.js';

/** Returns photos of one user as their owner sees them: with signed URLs, and in the trash with the time of the purge. */
export async function viewPhotos(
  context: CatalogContext,
  userId: string,
  rows: readonly ListedPhoto[],
): Promise<Photo[]> {
  const days = rows.some((row) => row.isDeleted) ? await trashDaysOf(context, userId) : 0;
  const localPlace = placesForRequest();
  const { urlFor } = context.mediaUrls;
  return rows.map((row) => {
    const record = photoRecordOf(row);
    if (row.deletedAt) record.purgeAt = purgeTime(row.deletedAt, days).toISOString();
    return photoView(record, urlFor, localPlace);
  });
}

/** Returns one photo as its owner sees it. @throws ProblemError `not_found` without a row */
export async function viewPhoto(context: CatalogContext, row: PhotoRow | null): Promise<Photo> {
  const [photo] = row ? await viewPhotos(context, row.userId, [row]) : [];
  if (!photo) throw notFound('photo');
  return photo;
}
