import type { Emit, UnitOfWork } from '@lazyphotos/database';
import type { CatalogMetrics } from '../metrics.js';
import { lockPhotos } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { ownPhotosById } from '../visibility.js';
import { type AlbumChange, changeAlbums, lockAlbumsOf } from './albums-of.js';

/** Why photos are removed for good: their owner said so, the trash was emptied, or they were in it for long enough. */
export type PurgeReason = 'deleted' | 'emptied' | 'expired';

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
 * right state, so that repeating a call does no harm. The number of statements does not depend on that of the ids.
 */
export interface Transitions {
  /** Returns the ids of those that are this user's photos. */
  trash(userId: string, ids: readonly string[]): Promise<Set<string>>;
  /** Returns the ids of those that are this user's photos. */
  restore(userId: string, ids: readonly string[]): Promise<Set<string>>;
  /**
   * Removes rows for good; the owners of the objects delete them when they hear of it. With `trashedBefore` only what is in the
   * trash and came there before: a photo that was restored since the caller looked stays. Returns the ids of the removed ones.
   */
  purge(
    userId: string,
    ids: readonly string[],
    reason: PurgeReason,
    trashedBefore?: Date,
  ): Promise<Set<string>>;
}

export interface TransitionDeps {
  unitOfWork: UnitOfWork<CatalogTx>;
  now: () => Date;
  metrics: CatalogMetrics;
}

export function createTransitions({ unitOfWork, now, metrics }: TransitionDeps): Transitions {
  const trash = (userId: string, ids: readonly string[]) =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      const known = await lockPhotos(tx, userId, ids);
      const rows = await tx.photo.updateManyAndReturn({
        where: { ...ownPhotosById(userId, ids), isDeleted: false },
        data: { isDeleted: true, deletedAt: at, updatedAt: at, version: { increment: 1 } },
      });
      for (const row of rows) emit('photo.trashed', deletion(row, at));
      const albums = await lockAlbumsOf(
        tx,
        rows.map((row) => row.id),
      );
      await changeAlbums(tx, emit, albums, -1, at);
      return known;
    });

  const restore = (userId: string, ids: readonly string[]) =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      const known = await lockPhotos(tx, userId, ids);
      const rows = await tx.photo.updateManyAndReturn({
        where: { ...ownPhotosById(userId, ids), isDeleted: true },
        data: { isDeleted: false, deletedAt: null, updatedAt: at, version: { increment: 1 } },
      });
      for (const row of rows) emit('photo.changed', { photo: photoRecordOf(row) });
      const albums = await lockAlbumsOf(
        tx,
        rows.map((row) => row.id),
      );
      await changeAlbums(tx, emit, albums, 1, at);
      return known;
    });

  const purge: Transitions['purge'] = async (userId, ids, reason, trashedBefore) => {
    const purged = await unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      await lockPhotos(tx, userId, ids);
      const due = trashedBefore ? { isDeleted: true, deletedAt: { lt: trashedBefore } } : {};
      const rows = await tx.photo.findMany({ where: { ...ownPhotosById(userId, ids), ...due } });
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
      return new Set(gone);
    });
    metrics.purged.inc({ reason }, purged.size);
    return purged;
  };

  return { trash, restore, purge };
}
