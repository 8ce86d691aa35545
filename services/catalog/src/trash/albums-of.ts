import type { Emit } from '@lazyphotos/database';
import { albumOf } from '../albums/record.js';
import type { CatalogTx } from '../prisma.js';

interface Membership {
  albumId: string;
  photoIds: string[];
}

/** The albums that these photos are in, each with its own of them; the albums' rows are locked, in id order. */
export async function lockAlbumsOf(tx: CatalogTx, photoIds: readonly string[]): Promise<Membership[]> {
  const items = await tx.albumItem.findMany({ where: { photoId: { in: [...photoIds] } } });
  const byAlbum = new Map<string, string[]>();
  for (const { albumId, photoId } of items) byAlbum.set(albumId, [...(byAlbum.get(albumId) ?? []), photoId]);
  const ids = [...byAlbum.keys()].sort();
  if (ids.length > 0) {
    await tx.$queryRaw`SELECT id FROM albums WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE`;
  }
  return ids.map((albumId) => ({ albumId, photoIds: byAlbum.get(albumId) ?? [] }));
}

/** Tells that photos have left (`sign` -1) or come back into (`sign` 1) their albums. */
export async function emitAlbumChanges(
  tx: CatalogTx,
  emit: Emit,
  memberships: readonly Membership[],
  sign: 1 | -1,
  now: Date,
): Promise<void> {
  for (const { albumId, photoIds } of memberships) {
    const row = await tx.album.update({
      where: { id: albumId },
      data: { itemCount: { increment: sign * photoIds.length }, version: { increment: 1 }, updatedAt: now },
    });
    const added = sign === 1 ? photoIds : [];
    emit('album.changed', { album: albumOf(row), added, removed: sign === 1 ? [] : photoIds });
  }
}
