import type { Album, AlbumOrder } from '@lazyphotos/contracts';
import { notFound } from '@lazyphotos/service-kit';
import type { AlbumRow, CatalogDb } from '../prisma.js';

export const albumOf = (row: AlbumRow): Album => ({
  id: row.id,
  userId: row.userId,
  name: row.name,
  description: row.description ?? undefined,
  coverPhotoId: row.coverPhotoId ?? undefined,
  order: row.order as AlbumOrder,
  itemCount: row.itemCount,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  isDeleted: false,
  version: row.version,
});

/** Returns an album of this user. @throws ProblemError `not_found` */
export async function requireAlbum(db: CatalogDb, userId: string, id: string): Promise<AlbumRow> {
  const row = await db.album.findFirst({ where: { id, userId } });
  if (!row) throw notFound('album');
  return row;
}
