import { MAX_ALBUM_CHANGES } from '@lazyphotos/contracts';
import type { Emit } from '@lazyphotos/database';
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import type { CatalogContext } from '../context.js';
import type { AlbumRow, CatalogTx } from '../prisma.js';
import { isInAlbum } from '../visibility.js';
import { lockWholeAlbum } from './locks.js';
import { albumOf } from './record.js';

/** The position of an item that has none yet; it comes after every key. */
export const UNPLACED = '~';
/** A key grows by about one character with every five moves to the same place; then the album gets new keys. */
const MAX_KEY_LENGTH = 100;

export interface Placed {
  photoId: string;
  position: string;
}

/** Returns the positions of these items in the form of `album.changed`. */
export const positionsOf = (items: readonly Placed[]): { positions?: Record<string, string> } => {
  const placed = items.filter(({ position }) => position !== UNPLACED);
  if (placed.length === 0) return {};
  return { positions: Object.fromEntries(placed.map(({ photoId, position }) => [photoId, position])) };
};

/**
 * Returns the last key in each of these albums; albums without keys are left out. Keys of photos in the trash count, because these photos
 * keep their places. The caller has locked the albums.
 */
async function lastKeys(tx: CatalogTx, albumIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.$queryRaw<{ albumId: string; position: string }[]>`
    SELECT a.id AS "albumId", max(last.position) AS position
    FROM unnest(${[...albumIds]}::uuid[]) AS a(id)
    CROSS JOIN (VALUES (false), (true)) AS part(is_deleted)
    CROSS JOIN LATERAL (
      SELECT i.position FROM album_items i
      WHERE i.album_id = a.id AND i.is_deleted = part.is_deleted AND i.position < ${UNPLACED}
      ORDER BY i.position DESC LIMIT 1
    ) AS last
    GROUP BY a.id`;
  return new Map(rows.map(({ albumId, position }) => [albumId, position]));
}

/** Photos of an album, in the order in which they are added to it. */
export interface AlbumPhotos {
  albumId: string;
  photoIds: readonly string[];
}

/** Returns positions for photos that are added to locked albums: at the end of the albums that were ever arranged by hand. */
export async function positionsAtEnd(
  tx: CatalogTx,
  albums: readonly AlbumPhotos[],
): Promise<(Placed & { albumId: string })[]> {
  const ids = albums.map(({ albumId }) => albumId);
  const lasts = await lastKeys(tx, ids);
  const rows = await tx.album.findMany({ where: { id: { in: ids } }, select: { id: true, order: true } });
  const manual = new Set(rows.filter(({ order }) => order === 'manual').map(({ id }) => id));
  return albums.flatMap(({ albumId, photoIds }) => {
    const last = lasts.get(albumId) ?? null;
    const keys = last !== null || manual.has(albumId) ? keysBehind(last, photoIds.length) : [];
    return photoIds.map((photoId, index) => ({ albumId, photoId, position: keys[index] ?? UNPLACED }));
  });
}

/** Returns the first key after `key` that is not that of `except`, or null. */
async function keyBehind(
  tx: CatalogTx,
  albumId: string,
  key: string | null,
  except: string,
): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ position: string | null }[]>`
    SELECT min(next.position) AS position FROM (VALUES (false), (true)) AS part(is_deleted) CROSS JOIN LATERAL (
      SELECT i.position FROM album_items i
      WHERE i.album_id = ${albumId}::uuid AND i.is_deleted = part.is_deleted AND i.photo_id <> ${except}::uuid
        AND i.position > ${key ?? ''} AND i.position < ${UNPLACED}
      ORDER BY i.position LIMIT 1
    ) AS next`;
  return row?.position ?? null;
}

/**
 * Returns the key for a photo that comes after the key `after` (null: before all), or undefined when the key would get too long.
 * The caller has locked the album.
 */
export async function keyFor(
  tx: CatalogTx,
  albumId: string,
  after: string | null,
  photoId: string,
): Promise<string | undefined> {
  const key = generateKeyBetween(after, await keyBehind(tx, albumId, after, photoId));
  return key.length > MAX_KEY_LENGTH ? undefined : key;
}

/** Keys for photos that are appended in this order. */
const keysBehind = (last: string | null, count: number): string[] => generateNKeysBetween(last, null, count);

/** Emits positions in events of bounded size, each with a version of its own, and resolves to the album's new row. */
async function emitPositions(
  tx: CatalogTx,
  emit: Emit,
  albumId: string,
  items: readonly Placed[],
  now: Date,
): Promise<AlbumRow> {
  const batches = Array.from({ length: Math.ceil(items.length / MAX_ALBUM_CHANGES) }, (_, index) =>
    items.slice(index * MAX_ALBUM_CHANGES, (index + 1) * MAX_ALBUM_CHANGES),
  );
  const row = await tx.album.update({
    where: { id: albumId },
    data: { version: { increment: batches.length }, updatedAt: now },
  });
  for (const [index, batch] of batches.entries()) {
    const album = { ...albumOf(row), version: row.version - batches.length + 1 + index };
    emit('album.changed', { album, added: [], removed: [], ...positionsOf(batch) });
  }
  return row;
}

/**
 * Gives a position to each photo of an album that has none, behind those that have one, in the order of the list by date: an
 * album that is arranged for the first time looks as before. With `renew`, all get new positions in their present order.
 */
export async function arrangeAlbum(
  { unitOfWork, now }: CatalogContext,
  userId: string,
  albumId: string,
  { renew = false } = {},
): Promise<void> {
  const arrange = async (tx: CatalogTx, emit: Emit): Promise<boolean> => {
    if (!(await lockWholeAlbum(tx, userId, albumId))) return false;
    const items = await tx.albumItem.findMany({
      where: { albumId, ...(renew ? {} : { position: UNPLACED }) },
      select: { photoId: true, isDeleted: true },
      orderBy: [...(renew ? [{ position: 'asc' } as const] : []), { sortAt: 'desc' }, { photoId: 'desc' }],
    });
    if (items.length === 0) return true;
    const last = renew ? undefined : (await lastKeys(tx, [albumId])).get(albumId);
    const keys = keysBehind(last ?? null, items.length);
    await tx.$executeRaw`
      UPDATE album_items i SET position = placed.position
      FROM unnest(${items.map(({ photoId }) => photoId)}::uuid[], ${keys}::text[]) AS placed(photo_id, position)
      WHERE i.album_id = ${albumId}::uuid AND i.photo_id = placed.photo_id`;
    const shown = items.flatMap((item, index) =>
      isInAlbum(item) ? [{ photoId: item.photoId, position: keys[index] ?? UNPLACED }] : [],
    );
    if (shown.length > 0) await emitPositions(tx, emit, albumId, shown, now());
    return true;
  };
  // A photo that came in between is locked by the next attempt.
  while (!(await unitOfWork.transaction(arrange)));
}
