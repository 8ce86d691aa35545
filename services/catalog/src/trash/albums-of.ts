import type { Emit } from '@lazyphotos/database';
import { lockAlbums } from '../albums/locks.js';
import { type Placed, positionsOf } from '../albums/positions.js';
import { albumOf } from '../albums/record.js';
import type { CatalogTx } from '../prisma.js';

/** An album, and the photos that are added to its list or removed from it. */
export interface AlbumChange {
  albumId: string;
  items: Placed[];
}

/**
 * Locks the albums that contain these photos. Returns each album with those of the photos that it contains. The caller has locked
 * the photos, so that none is added to an album or removed meanwhile. `others` are further albums to lock and return.
 */
export async function lockAlbumsOf(
  tx: CatalogTx,
  userId: string,
  photoIds: readonly string[],
  others: readonly string[] = [],
): Promise<AlbumChange[]> {
  const items = await tx.albumItem.findMany({ where: { photoId: { in: [...photoIds] } } });
  const byAlbum = Map.groupBy(items, (item) => item.albumId);
  // One may have been deleted since its id was read.
  const locked = await lockAlbums(tx, userId, [...byAlbum.keys(), ...others]);
  return [...locked].map((albumId) => ({
    albumId,
    items: byAlbum.get(albumId) ?? [],
  }));
}

/**
 * Updates the counts of albums whose lists have lost photos (`sign` -1: trashed) or got some (`sign` 1: restored, or added), and emits `album.changed` for each.
 */
export async function changeAlbums(
  tx: CatalogTx,
  emit: Emit,
  changes: readonly AlbumChange[],
  sign: 1 | -1,
  now: Date,
): Promise<void> {
  if (changes.length === 0) return;
  const itemsOf = new Map(changes.map((change) => [change.albumId, change.items]));
  const ids = [...itemsOf.keys()];
  const counts = [...itemsOf.values()].map((items) => sign * items.length);
  // One statement for all albums, since a photo can be in many.
  await tx.$executeRaw`
    UPDATE albums SET item_count = item_count + change.count, version = version + 1, updated_at = ${now}::timestamptz
    FROM unnest(${ids}::uuid[], ${counts}::int[]) AS change(id, count) WHERE albums.id = change.id`;
  const rows = await tx.album.findMany({ where: { id: { in: ids } } });
  for (const row of rows) {
    const items = itemsOf.get(row.id) ?? [];
    const photoIds = items.map((item) => item.photoId);
    const change =
      sign === 1 ? { added: photoIds, removed: [], ...positionsOf(items) } : { added: [], removed: photoIds };
    emit('album.changed', { album: albumOf(row), ...change });
  }
}
