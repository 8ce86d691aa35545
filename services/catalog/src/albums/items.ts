import type { Emit } from '@lazyphotos/database';
import { notFound } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import type { CatalogTx } from '../prisma.js';
import { changeAlbums } from '../trash/albums-of.js';
import { isInAlbum } from '../visibility.js';
import { holdOwnPhotos, holdPhoto, lockAlbum, lockAlbums } from './locks.js';
import {
  type AlbumPhotos,
  arrangeAlbum,
  keyFor,
  type Placed,
  positionsAtEnd,
  positionsOf,
  UNPLACED,
} from './positions.js';
import { albumOf } from './record.js';

/** Increments an album's version and emits which photos were removed and moved. */
async function changeItems(
  tx: CatalogTx,
  emit: Emit,
  albumId: string,
  { removed = [], moved = [] }: { removed?: string[]; moved?: Placed[] },
  now: Date,
): Promise<void> {
  const row = await tx.album.update({
    where: { id: albumId },
    data: { itemCount: { decrement: removed.length }, version: { increment: 1 }, updatedAt: now },
  });
  emit('album.changed', { album: albumOf(row), added: [], removed, ...positionsOf(moved) });
}

interface NewItem extends Placed {
  albumId: string;
  isDeleted: boolean;
}

/**
 * Adds photos that the caller holds to albums that it has locked, and emits `album.changed` for each album that shows more than
 * before. Photos that are already in an album keep their places.
 */
async function insertItems(
  tx: CatalogTx,
  emit: Emit,
  albums: readonly AlbumPhotos[],
  now: Date,
): Promise<void> {
  const placed = await positionsAtEnd(tx, albums);
  const items = await tx.$queryRaw<NewItem[]>`
    INSERT INTO album_items (album_id, photo_id, added_at, position)
    SELECT new.album_id, new.photo_id, ${now}::timestamptz, new.position
    FROM unnest(
      ${placed.map(({ albumId }) => albumId)}::uuid[],
      ${placed.map(({ photoId }) => photoId)}::uuid[],
      ${placed.map(({ position }) => position)}::text[]
    ) AS new(album_id, photo_id, position)
    ON CONFLICT DO NOTHING
    RETURNING album_id AS "albumId", photo_id AS "photoId", position, is_deleted AS "isDeleted"`;
  // One in the trash is counted and emitted when it comes back.
  const shown = Map.groupBy(items.filter(isInAlbum), ({ albumId }) => albumId);
  const changes = [...shown].map(([albumId, added]) => ({ albumId, items: added }));
  await changeAlbums(tx, emit, changes, 1, now);
}

/**
 * Adds photos of this user, also those in the trash: they show in the album when they come back. Purged ones are left out, so that a
 * purge on one device does not refuse what another device adds. Resolves to the ids that are not this user's and never were; if there
 * are any, nothing is added. Locks photos first, then the album, like a photo's way into the trash.
 * @throws ProblemError `not_found` for the album
 */
export const addItems = (
  { unitOfWork, now }: CatalogContext,
  userId: string,
  albumId: string,
  ids: readonly string[],
): Promise<string[]> =>
  unitOfWork.transaction(async (tx, emit) => {
    const { held, unknown } = await holdOwnPhotos(tx, userId, ids);
    await lockAlbum(tx, userId, albumId);
    if (unknown.length > 0) return unknown;
    const photoIds = ids.filter((id) => held.has(id));
    await insertItems(tx, emit, [{ albumId, photoIds }], now());
    return [];
  });

/**
 * Adds photos of this user to several albums in one transaction, with a constant number of statements. Albums and photos that do not
 * exist, or are not this user's, are left out.
 */
export const addToAlbums = (
  { unitOfWork, now }: CatalogContext,
  userId: string,
  albums: readonly AlbumPhotos[],
): Promise<void> =>
  unitOfWork.transaction(async (tx, emit) => {
    const wanted = new Set(albums.flatMap(({ photoIds }) => photoIds));
    const { held } = await holdOwnPhotos(tx, userId, [...wanted]);
    const albumIds = albums.map(({ albumId }) => albumId);
    const locked = await lockAlbums(tx, userId, albumIds);
    const there = albums
      .filter(({ albumId }) => locked.has(albumId))
      .map(({ albumId, photoIds }) => ({ albumId, photoIds: photoIds.filter((id) => held.has(id)) }));
    if (there.length > 0) await insertItems(tx, emit, there, now());
  });

export const removeItem = (
  { unitOfWork, now }: CatalogContext,
  userId: string,
  albumId: string,
  photoId: string,
): Promise<void> =>
  unitOfWork.transaction(async (tx, emit) => {
    await holdPhoto(tx, userId, photoId);
    await lockAlbum(tx, userId, albumId);
    const [item] = await tx.$queryRaw<{ isDeleted: boolean }[]>`
      DELETE FROM album_items WHERE album_id = ${albumId}::uuid AND photo_id = ${photoId}::uuid
      RETURNING is_deleted AS "isDeleted"`;
    // A photo in the trash is neither counted nor shown in the album.
    if (item && isInAlbum(item)) await changeItems(tx, emit, albumId, { removed: [photoId] }, now());
  });

interface Move {
  userId: string;
  albumId: string;
  photoId: string;
  /** The photo before it in the new order; null: it comes first. */
  after: string | null;
}

/** Moves one photo. Two that move at the same time come one after the other; each is placed in the order that exists then. */
export async function moveItem(context: CatalogContext, move: Move): Promise<void> {
  const { unitOfWork, now } = context;
  for (;;) {
    const outcome = await unitOfWork.transaction((tx, emit) => tryMove(tx, emit, move, now()));
    if (outcome === 'moved') return;
    await arrangeAlbum(context, move.userId, move.albumId, { renew: outcome === 'crowded' });
  }
}

/** Resolves to the reason why the album must be arranged first, if there is one. */
async function tryMove(
  tx: CatalogTx,
  emit: Emit,
  { userId, albumId, photoId, after }: Move,
  now: Date,
): Promise<'moved' | 'unplaced' | 'crowded'> {
  await holdPhoto(tx, userId, photoId);
  await lockAlbum(tx, userId, albumId);
  const items = await tx.albumItem.findMany({
    where: { albumId, photoId: { in: after === null ? [photoId] : [photoId, after] } },
  });
  const item = items.find((row) => row.photoId === photoId);
  const before = items.find((row) => row.photoId === after);
  if (!item || (after !== null && !before)) throw notFound('photo');
  if (item === before) return 'moved';
  const unplaced = await tx.albumItem.count({ where: { albumId, position: UNPLACED } });
  if (unplaced > 0) return 'unplaced';
  const position = await keyFor(tx, albumId, before?.position ?? null, photoId);
  if (position === undefined) return 'crowded';
  await tx.albumItem.update({ where: { albumId_photoId: { albumId, photoId } }, data: { position } });
  // A photo in the trash is not shown in the album; `album.changed` has its position once it is restored.
  if (isInAlbum(item)) await changeItems(tx, emit, albumId, { moved: [{ photoId, position }] }, now);
  return 'moved';
}
