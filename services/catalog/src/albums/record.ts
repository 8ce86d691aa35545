import type { Album } from '@lazyphotos/contracts';
import type { AlbumRow } from '../prisma.js';

export const albumOf = (row: AlbumRow): Album => ({
  id: row.id,
  userId: row.userId,
  name: row.name,
  description: row.description ?? undefined,
  coverPhotoId: row.coverPhotoId ?? undefined,
  itemCount: row.itemCount,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  isDeleted: false,
  version: row.version,
});
