import type { Emit, UnitOfWork } from '@lazyphotos/database';
import { notFound } from '@lazyphotos/service-kit';
import type { CatalogTx } from '../prisma.js';
import { albumOf } from './record.js';

/** Locks an album of this user against every other change of it. @throws ProblemError `not_found` */
export async function lockAlbum(tx: CatalogTx, userId: string, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT id FROM albums WHERE id = ${id}::uuid AND user_id = ${userId}::uuid FOR UPDATE`;
  if (rows.length === 0) throw notFound('album');
}

/** Makes sure that these are photos of this user outside the trash, and that they stay so. @throws ProblemError `not_found` */
export async function holdPhotos(tx: CatalogTx, userId: string, ids: readonly string[]): Promise<void> {
  const unique = new Set(ids);
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT id FROM photos WHERE user_id = ${userId}::uuid AND id = ANY(${[...unique]}::uuid[]) AND NOT is_deleted
    ORDER BY id FOR SHARE`;
  if (rows.length < unique.size) throw notFound('photo');
}

export function createAlbumItems(unitOfWork: UnitOfWork<CatalogTx>, now: () => Date) {
  const change = async (tx: CatalogTx, emit: Emit, albumId: string, added: string[], removed: string[]) => {
    const row = await tx.album.update({
      where: { id: albumId },
      data: {
        itemCount: { increment: added.length - removed.length },
        version: { increment: 1 },
        updatedAt: now(),
      },
    });
    emit('album.changed', { album: albumOf(row), added, removed });
  };

  return {
    /** Photos first, then the album: the same order of locks as on a photo's way into the trash. */
    add: (userId: string, albumId: string, photoIds: readonly string[]): Promise<void> =>
      unitOfWork.transaction(async (tx, emit) => {
        await holdPhotos(tx, userId, photoIds);
        await lockAlbum(tx, userId, albumId);
        const inserted = await tx.albumItem.createManyAndReturn({
          data: photoIds.map((photoId) => ({ albumId, photoId, addedAt: now() })),
          skipDuplicates: true,
        });
        if (inserted.length > 0) {
          await change(
            tx,
            emit,
            albumId,
            inserted.map((item) => item.photoId),
            [],
          );
        }
      }),

    remove: (userId: string, albumId: string, photoId: string): Promise<void> =>
      unitOfWork.transaction(async (tx, emit) => {
        const photos = await tx.$queryRaw<{ is_deleted: boolean }[]>`
          SELECT is_deleted FROM photos WHERE id = ${photoId}::uuid AND user_id = ${userId}::uuid FOR SHARE`;
        await lockAlbum(tx, userId, albumId);
        const photo = photos[0];
        if (!photo) throw notFound('photo');
        const { count } = await tx.albumItem.deleteMany({ where: { albumId, photoId } });
        // One in the trash was not counted and is in nobody's view of the album.
        if (count > 0 && !photo.is_deleted) await change(tx, emit, albumId, [], [photoId]);
      }),
  };
}
export type AlbumItems = ReturnType<typeof createAlbumItems>;
