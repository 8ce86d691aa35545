import type { Emit, UnitOfWork } from '@lazyphotos/database';
import { photoRecordOf } from '../photos/record.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { type AlbumChange, changeAlbums, lockAlbumsOf } from './albums-of.js';

const deletion = (row: PhotoRow, deletedAt: Date) => ({
  photoId: row.id,
  userId: row.userId,
  storageKey: row.storageKey,
  version: row.version,
  deletedAt: deletedAt.toISOString(),
});

/** The albums that have one of these photos as their cover. */
async function coveredBy(tx: CatalogTx, userId: string, photoIds: string[]): Promise<string[]> {
  const rows = await tx.album.findMany({
    where: { userId, coverPhotoId: { in: photoIds } },
    select: { id: true },
  });
  return rows.map((row) => row.id);
}

/** What an album loses with these rows: those that were in the trash had left its view before. */
function visibleChanges(
  albums: readonly AlbumChange[],
  rows: readonly PhotoRow[],
  covered: readonly string[],
) {
  const visible = new Set(rows.filter((row) => !row.isDeleted).map((row) => row.id));
  return albums
    .map(({ albumId, items }) => ({ albumId, items: items.filter((item) => visible.has(item.photoId)) }))
    .filter(({ albumId, items }) => items.length > 0 || covered.includes(albumId));
}

/**
 * A photo's way into the trash, back, and out for good. Each takes many ids of one user and touches only those that are in the
 * right state, so that repeating a call does no harm.
 */
export function createTransitions(unitOfWork: UnitOfWork<CatalogTx>, now: () => Date) {
  /** Locks the photos, so that nobody puts one into an album meanwhile. */
  const lock = (tx: CatalogTx, userId: string, ids: readonly string[]) =>
    tx.$queryRaw`SELECT id FROM photos WHERE user_id = ${userId}::uuid AND id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR UPDATE`;

  const trash = (userId: string, ids: readonly string[]): Promise<void> =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      await lock(tx, userId, ids);
      const rows = await tx.photo.updateManyAndReturn({
        where: { userId, id: { in: [...ids] }, isDeleted: false },
        data: { isDeleted: true, deletedAt: at, updatedAt: at, version: { increment: 1 } },
      });
      for (const row of rows) emit('photo.trashed', deletion(row, at));
      const albums = await lockAlbumsOf(
        tx,
        rows.map((row) => row.id),
      );
      await changeAlbums(tx, emit, albums, -1, at);
    });

  const restore = (userId: string, ids: readonly string[]): Promise<void> =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      await lock(tx, userId, ids);
      const rows = await tx.photo.updateManyAndReturn({
        where: { userId, id: { in: [...ids] }, isDeleted: true },
        data: { isDeleted: false, deletedAt: null, updatedAt: at, version: { increment: 1 } },
      });
      for (const row of rows) emit('photo.changed', { photo: photoRecordOf(row) });
      const albums = await lockAlbumsOf(
        tx,
        rows.map((row) => row.id),
      );
      await changeAlbums(tx, emit, albums, 1, at);
    });

  /**
   * Removes rows for good; the owners of the objects delete them when they hear of it. With `trashedBefore` only what is in the
   * trash and came there before: a photo that was restored since the caller looked stays.
   */
  const purge = (userId: string, ids: readonly string[], trashedBefore?: Date): Promise<number> =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      await lock(tx, userId, ids);
      const due = trashedBefore ? { isDeleted: true, deletedAt: { lt: trashedBefore } } : {};
      const rows = await tx.photo.findMany({ where: { userId, id: { in: [...ids] }, ...due } });
      const gone = rows.map((row) => row.id);
      const covered = await coveredBy(tx, userId, gone);
      const albums = await lockAlbumsOf(tx, gone, covered);
      await tx.purgedPhoto.createMany({
        data: rows.map((row) => ({ id: row.id, userId, version: row.version + 1, purgedAt: at })),
        skipDuplicates: true,
      });
      await tx.album.updateMany({
        where: { id: { in: covered }, coverPhotoId: { in: gone } },
        data: { coverPhotoId: null },
      });
      await tx.photo.deleteMany({ where: { id: { in: gone } } });
      for (const row of rows) emit('photo.purged', deletion({ ...row, version: row.version + 1 }, at));
      await changeAlbums(tx, emit, visibleChanges(albums, rows, covered), -1, at);
      return rows.length;
    });

  return { trash, restore, purge };
}
export type Transitions = ReturnType<typeof createTransitions>;
