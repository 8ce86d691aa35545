import type { Emit, UnitOfWork } from '@lazyphotos/database';
import { photoRecordOf } from '../photos/record.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { emitAlbumChanges, lockAlbumsOf } from './albums-of.js';

const deletion = (row: PhotoRow, deletedAt: Date) => ({
  photoId: row.id,
  userId: row.userId,
  storageKey: row.storageKey,
  version: row.version,
  deletedAt: deletedAt.toISOString(),
});

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
      const memberships = await lockAlbumsOf(tx, rows.map((row) => row.id));
      await emitAlbumChanges(tx, emit, memberships, -1, at);
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
      const memberships = await lockAlbumsOf(tx, rows.map((row) => row.id));
      await emitAlbumChanges(tx, emit, memberships, 1, at);
    });

  /** Removes rows for good; the owners of the objects delete them when they hear of it. */
  const purge = (userId: string, ids: readonly string[]): Promise<number> =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      const at = now();
      await lock(tx, userId, ids);
      const rows = await tx.photo.findMany({ where: { userId, id: { in: [...ids] } } });
      const visible = rows.filter((row) => !row.isDeleted).map((row) => row.id);
      const memberships = await lockAlbumsOf(tx, visible);
      const gone = rows.map((row) => ({ ...row, version: row.version + 1 }));
      await tx.purgedPhoto.createMany({
        data: gone.map(({ id, version }) => ({ id, userId, version, purgedAt: at })),
        skipDuplicates: true,
      });
      await tx.album.updateMany({ where: { userId, coverPhotoId: { in: [...ids] } }, data: { coverPhotoId: null } });
      await tx.photo.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
      for (const row of gone) emit('photo.purged', deletion(row, at));
      await emitAlbumChanges(tx, emit, memberships, -1, at);
      return rows.length;
    });

  return { trash, restore, purge };
}
export type Transitions = ReturnType<typeof createTransitions>;
