import type { Emit, UnitOfWork } from '@lazyphotos/database';
import { notFound } from '@lazyphotos/service-kit';
import type { CatalogTx } from '../prisma.js';
import { isInAlbum } from '../visibility.js';
import { holdOwnPhotos, holdPhoto, lockAlbum } from './locks.js';
import {
  arrangeAlbum,
  keyFor,
  keysBehind,
  lastKey,
  type Placed,
  positionsOf,
  UNPLACED,
} from './positions.js';
import { albumOf } from './record.js';

interface ItemsChange {
  added?: Placed[];
  removed?: string[];
  moved?: Placed[];
}

/** Raises an album's version and emits what came, went and moved. */
async function changeItems(
  tx: CatalogTx,
  emit: Emit,
  albumId: string,
  { added = [], removed = [], moved = [] }: ItemsChange,
  now: Date,
): Promise<void> {
  const row = await tx.album.update({
    where: { id: albumId },
    data: {
      itemCount: { increment: added.length - removed.length },
      version: { increment: 1 },
      updatedAt: now,
    },
  });
  emit('album.changed', {
    album: albumOf(row),
    added: added.map(({ photoId }) => photoId),
    removed,
    ...positionsOf([...added, ...moved]),
  });
}

/** The positions for photos that are put into a locked album: at its end, if it has ever been arranged by hand. */
async function positionsFor(tx: CatalogTx, albumId: string, count: number): Promise<string[]> {
  const last = await lastKey(tx, albumId);
  const { order } = await tx.album.findUniqueOrThrow({ where: { id: albumId }, select: { order: true } });
  return last === null && order !== 'manual' ? Array<string>(count).fill(UNPLACED) : keysBehind(last, count);
}

/** Moves a photo in a transaction of its own; resolves to what the album needs first, if it cannot be done yet. */
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

interface Move {
  userId: string;
  albumId: string;
  photoId: string;
  /** The photo behind which it comes; null: to the beginning. */
  after: string | null;
}

/** Adds photos to albums, removes them, and changes their positions. */
export function createAlbumItems(unitOfWork: UnitOfWork<CatalogTx>, now: () => Date) {
  return {
    /**
     * Adds photos of this user, also those in the trash: they show in the album when they come back. Purged ones are left out, so
     * that what one device removes for good does not refuse what another one adds. Resolves to the ids that are not this user's and
     * never were; if there are any, nothing is added. Locks photos first, then the album, as on a photo's way into the trash.
     * @throws ProblemError `not_found` for the album
     */
    add: (userId: string, albumId: string, ids: readonly string[]): Promise<string[]> =>
      unitOfWork.transaction(async (tx, emit) => {
        const { held, unknown } = await holdOwnPhotos(tx, userId, ids);
        await lockAlbum(tx, userId, albumId);
        if (unknown.length > 0) return unknown;
        const photoIds = ids.filter((id) => held.has(id));
        const positions = await positionsFor(tx, albumId, photoIds.length);
        const items = await tx.$queryRaw<(Placed & { isDeleted: boolean })[]>`
          INSERT INTO album_items (album_id, photo_id, added_at, position)
          SELECT ${albumId}::uuid, new.photo_id, ${now()}::timestamptz, new.position
          FROM unnest(${photoIds}::uuid[], ${positions}::text[]) AS new(photo_id, position)
          ON CONFLICT DO NOTHING RETURNING photo_id AS "photoId", position, is_deleted AS "isDeleted"`;
        // One in the trash is counted and told when it comes back.
        const added = items.filter(isInAlbum);
        if (added.length > 0) await changeItems(tx, emit, albumId, { added }, now());
        return [];
      }),

    remove: (userId: string, albumId: string, photoId: string): Promise<void> =>
      unitOfWork.transaction(async (tx, emit) => {
        await holdPhoto(tx, userId, photoId);
        await lockAlbum(tx, userId, albumId);
        const [item] = await tx.$queryRaw<{ isDeleted: boolean }[]>`
          DELETE FROM album_items WHERE album_id = ${albumId}::uuid AND photo_id = ${photoId}::uuid
          RETURNING is_deleted AS "isDeleted"`;
        // A photo in the trash is neither counted nor shown in the album.
        if (item && isInAlbum(item)) await changeItems(tx, emit, albumId, { removed: [photoId] }, now());
      }),

    /** Moves one photo. Two that move at the same time come one after the other; each finds its place in what there is then. */
    move: async (move: Move): Promise<void> => {
      for (;;) {
        const outcome = await unitOfWork.transaction((tx, emit) => tryMove(tx, emit, move, now()));
        if (outcome === 'moved') return;
        await arrangeAlbum({ unitOfWork, now }, move.userId, move.albumId, { anew: outcome === 'crowded' });
      }
    },

    /** Makes sure that each photo of an album has a place in the manual order. */
    arrange: (userId: string, albumId: string): Promise<void> =>
      arrangeAlbum({ unitOfWork, now }, userId, albumId),
  };
}
export type AlbumItems = ReturnType<typeof createAlbumItems>;
