import type { Emit } from '@lazyphotos/database';
import { type Placed, positionsOf } from '../albums/positions.js';
import { albumOf } from '../albums/record.js';
import type { CatalogTx } from '../prisma.js';

/** An album, and the photos that come into its view or leave it. */
export interface AlbumChange {
  albumId: string;
  items: Placed[];
}

/** Locks albums, in id order; answers those that are still there: one may have been deleted since its id was read. */
async function lockAlbums(tx: CatalogTx, ids: Iterable<string>): Promise<Set<string>> {
  const wanted = [...new Set(ids)].sort();
  if (wanted.length === 0) return new Set();
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM albums WHERE id = ANY(${wanted}::uuid[]) ORDER BY id FOR UPDATE`;
  return new Set(rows.map((row) => row.id));
}

/**
 * Locks the albums that these photos are in, and answers each with its own of them. The caller has locked the photos, so that
 * none comes into an album or leaves it meanwhile. `others` are albums to be locked and answered as well.
 */
export async function lockAlbumsOf(
  tx: CatalogTx,
  photoIds: readonly string[],
  others: readonly string[] = [],
): Promise<AlbumChange[]> {
  const items = await tx.albumItem.findMany({ where: { photoId: { in: [...photoIds] } } });
  const byAlbum = Map.groupBy(items, (item) => item.albumId);
  const locked = await lockAlbums(tx, [...byAlbum.keys(), ...others]);
  return [...locked].map((albumId) => ({
    albumId,
    items: byAlbum.get(albumId) ?? [],
  }));
}

/** Counts photos that have left (`sign` -1) or come back into (`sign` 1) their albums, and tells it. */
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
  // One statement for all albums: a photo in fifty albums is no reason for fifty.
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
