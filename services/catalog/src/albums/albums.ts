import type { Album, BodyOf, endpoints } from '@lazyphotos/contracts';
import { once, type UnitOfWork } from '@lazyphotos/database';
import { type KeyedRequest, newId } from '@lazyphotos/service-kit';
import type { CatalogTx } from '../prisma.js';
import { holdPhotos, lockAlbum } from './items.js';
import { albumOf } from './record.js';

type NewAlbum = BodyOf<typeof endpoints.createAlbum>;
type AlbumPatch = BodyOf<typeof endpoints.updateAlbum>;

/** Creating, changing and deleting albums. */
export function createAlbums(unitOfWork: UnitOfWork<CatalogTx>, now: () => Date) {
  const create = (userId: string, body: NewAlbum, request: KeyedRequest | undefined): Promise<Album> =>
    unitOfWork.transaction(async (tx, emit) => {
      const insert = async (): Promise<Album> => {
        if (body.coverPhotoId !== undefined) await holdPhotos(tx, userId, [body.coverPhotoId]);
        const at = now();
        const row = await tx.album.create({
          data: {
            id: newId(),
            userId,
            name: body.name,
            description: body.description ?? null,
            coverPhotoId: body.coverPhotoId ?? null,
            createdAt: at,
            updatedAt: at,
          },
        });
        const album = albumOf(row);
        emit('album.changed', { album, added: [], removed: [] });
        return album;
      };
      return request ? once(tx, request, insert) : insert();
    });

  const update = (userId: string, id: string, patch: AlbumPatch): Promise<Album> =>
    unitOfWork.transaction(async (tx, emit) => {
      if (patch.coverPhotoId) await holdPhotos(tx, userId, [patch.coverPhotoId]);
      await lockAlbum(tx, userId, id);
      const row = await tx.album.update({
        where: { id },
        data: {
          ...(patch.name === undefined ? {} : { name: patch.name }),
          ...(patch.description === undefined ? {} : { description: patch.description }),
          ...(patch.coverPhotoId === undefined ? {} : { coverPhotoId: patch.coverPhotoId }),
          version: { increment: 1 },
          updatedAt: now(),
        },
      });
      const album = albumOf(row);
      emit('album.changed', { album, added: [], removed: [] });
      return album;
    });

  const remove = (userId: string, id: string): Promise<void> =>
    unitOfWork.transaction(async (tx, emit) => {
      await lockAlbum(tx, userId, id);
      const row = await tx.album.delete({ where: { id } });
      emit('album.deleted', {
        albumId: id,
        userId,
        version: row.version + 1,
        deletedAt: now().toISOString(),
      });
    });

  return { create, update, remove };
}
export type Albums = ReturnType<typeof createAlbums>;
