import type { Album, BodyOf, endpoints } from '@lazyphotos/contracts';
import { type Emit, once, type UnitOfWork } from '@lazyphotos/database';
import { type KeyedRequest, newId } from '@lazyphotos/service-kit';
import type { AlbumRow, CatalogTx } from '../prisma.js';
import { type AlbumPatch, newerFields } from './edits.js';
import type { AlbumItems } from './items.js';
import { holdPhotos, lockAlbum, lockWholeAlbum } from './locks.js';
import { albumOf } from './record.js';

/** An album under an id that an import has chosen. */
type ImportedAlbumRow = Pick<AlbumRow, 'id' | 'name' | 'description'>;

type NewAlbum = BodyOf<typeof endpoints.createAlbum>;

/** Creating, changing and deleting albums. */
export function createAlbums(
  unitOfWork: UnitOfWork<CatalogTx>,
  items: Pick<AlbumItems, 'arrange'>,
  now: () => Date,
) {
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
            order: body.order ?? 'date',
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

  /**
   * Makes the albums of an import, by date. Those that are there stay as they are, also another user's of the same id; those that were
   * deleted stay deleted.
   */
  const createImported = async (userId: string, albums: readonly ImportedAlbumRow[]): Promise<void> => {
    if (albums.length === 0) return;
    await unitOfWork.transaction(async (tx, emit) => {
      const at = now();
      const rows = await tx.album.createManyAndReturn({
        // In id order: two requests that make the same albums wait for each other's rows.
        data: [...albums]
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .map(({ id, name, description }) => ({
            id,
            userId,
            name,
            description,
            createdAt: at,
            updatedAt: at,
          })),
        skipDuplicates: true,
      });
      // Asked after the insert, which has waited for a deletion that was just removing the same row.
      const deleted = await tx.deletedAlbum.findMany({ where: { id: { in: rows.map(({ id }) => id) } } });
      const gone = new Set(deleted.map(({ id }) => id));
      if (gone.size > 0) await tx.album.deleteMany({ where: { id: { in: [...gone] } } });
      for (const row of rows)
        if (!gone.has(row.id)) emit('album.changed', { album: albumOf(row), added: [], removed: [] });
    });
  };

  const update = async (userId: string, id: string, patch: AlbumPatch): Promise<AlbumRow> => {
    // In a transaction of its own, for it locks all photos of the album; without the change of order it shows nowhere.
    if (patch.order === 'manual') await items.arrange(userId, id);
    return unitOfWork.transaction(async (tx, emit) => {
      if (patch.coverPhotoId) await holdPhotos(tx, userId, [patch.coverPhotoId]);
      await lockAlbum(tx, userId, id);
      const row = await tx.album.findUniqueOrThrow({ where: { id } });
      const edit = newerFields(row, patch, now());
      if (!edit) return row;
      if (!edit.isChanged) return tx.album.update({ where: { id }, data: edit.columns });
      const updated = await tx.album.update({
        where: { id },
        data: { ...edit.columns, version: { increment: 1 }, updatedAt: now() },
      });
      emit('album.changed', { album: albumOf(updated), added: [], removed: [] });
      return updated;
    });
  };

  /** Everything that ends with an album ends in this transaction. */
  const removeLocked = async (tx: CatalogTx, emit: Emit, userId: string, id: string): Promise<void> => {
    const row = await tx.album.delete({ where: { id } });
    const deletedAt = now();
    await tx.deletedAlbum.create({ data: { id, userId, deletedAt } });
    emit('album.deleted', {
      albumId: id,
      userId,
      version: row.version + 1,
      deletedAt: deletedAt.toISOString(),
    });
  };

  const remove = async (userId: string, id: string): Promise<void> => {
    const attempt = async (tx: CatalogTx, emit: Emit): Promise<boolean> => {
      const locked = await lockWholeAlbum(tx, userId, id);
      if (locked) await removeLocked(tx, emit, userId, id);
      return locked;
    };
    // A photo that came in between is locked by the next attempt.
    while (!(await unitOfWork.transaction(attempt)));
  };

  return { create, createImported, update, remove };
}
export type Albums = ReturnType<typeof createAlbums>;
