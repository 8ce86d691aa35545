import type { CapturedAtSource, PhotoDate } from '@lazyphotos/contracts';
import type { CatalogDb } from '../prisma.js';
import { ownPhotosById } from '../visibility.js';

/** Reads when photos of this user were taken, also of those in the trash. Ids that are not this user's are left out. */
export async function readPhotoDates(
  db: CatalogDb,
  userId: string,
  photoIds: readonly string[],
): Promise<PhotoDate[]> {
  const rows = await db.photo.findMany({
    where: ownPhotosById(userId, photoIds),
    select: { id: true, capturedAt: true, capturedAtSource: true, processing: true },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ id, capturedAt, capturedAtSource, processing }) => ({
    photoId: id,
    capturedAt: capturedAt?.toISOString(),
    capturedAtSource: (capturedAtSource as CapturedAtSource | null) ?? undefined,
    processing: processing as PhotoDate['processing'],
  }));
}
