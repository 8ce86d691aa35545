import type { Album, BodyOf, endpoints } from '@lazyphotos/contracts';
import { type Emit, once } from '@lazyphotos/database';
import { type KeyedRequest, newId } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import type { AlbumRow, CatalogTx } from '../prisma.js';
import { editTime } from '../values.js';
import { holdPhotos, lockAlbum, lockWholeAlbum } from './locks.js';
import { arrangeAlbum } from './positions.js';
import { albumOf } from './record.js';

type NewAlbum = BodyOf<typeof endpoints.createAlbum>;

export const createAlbum = (
  { unitOfWork, now }: CatalogContext,
  userId: string,
  body: NewAlbum,
  request: KeyedRequest | undefined,
): Promise<Album> =>
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
 * Makes the albums of an import, by date, under the ids that the import has chosen. Those that are there stay as they are, also another
 * user's of the same id; those that were deleted stay deleted.
 */
export async function createImportedAlbums(
  { unitOfWork, now }: CatalogContext,
  userId: string,
  albums: readonly Pick<AlbumRow, 'id' | 'name' | 'description'>[],
): Promise<void> {
  if (albums.length === 0) return;
  await unitOfWork.transaction(async (tx, emit) => {
    const at = now();
    // In id order: two requests that make the same albums wait for each other's rows.
    const sorted = [...albums].sort((a, b) => (a.id < b.id ? -1 : 1));
    const rows = await tx.album.createManyAndReturn({
      data: sorted.map((album) => ({ ...album, userId, createdAt: at, updatedAt: at })),
      skipDuplicates: true,
    });
    // Asked after the insert, which has waited for a deletion that was just removing the same row.
    const deleted = await tx.deletedAlbum.findMany({ where: { id: { in: rows.map(({ id }) => id) } } });
    const gone = new Set(deleted.map(({ id }) => id));
    if (gone.size > 0) await tx.album.deleteMany({ where: { id: { in: [...gone] } } });
    for (const row of rows)
      if (!gone.has(row.id)) emit('album.changed', { album: albumOf(row), added: [], removed: [] });
  });
}

export async function updateAlbum(
  context: CatalogContext,
  userId: string,
  id: string,
  patch: AlbumPatch,
): Promise<AlbumRow> {
  const { unitOfWork, now } = context;
  // In a transaction of its own, because it locks all photos of the album. Clients see it only with the change of order.
  if (patch.order === 'manual') await arrangeAlbum(context, userId, id);
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
}

export async function deleteAlbum(
  { unitOfWork, now }: CatalogContext,
  userId: string,
  id: string,
): Promise<void> {
  const attempt = async (tx: CatalogTx, emit: Emit): Promise<boolean> => {
    if (!(await lockWholeAlbum(tx, userId, id))) return false;
    const row = await tx.album.delete({ where: { id } });
    const deletedAt = now();
    await tx.deletedAlbum.create({ data: { id, userId, deletedAt } });
    emit('album.deleted', {
      albumId: id,
      userId,
      version: row.version + 1,
      deletedAt: deletedAt.toISOString(),
    });
    return true;
  };
  // A photo that came in between is locked by the next attempt.
  while (!(await unitOfWork.transaction(attempt)));
}

type AlbumPatch = BodyOf<typeof endpoints.updateAlbum>;

const EDITABLE = ['name', 'description', 'coverPhotoId', 'order'] as const;
type Field = (typeof EDITABLE)[number];
/** Per field the time of its newest edit, ISO 8601 in UTC. */
type EditTimes = Partial<Record<Field, string>>;

/** Decides between two values that were set at the same time, in any order of arrival. */
const outranks = (value: unknown, other: unknown): boolean => JSON.stringify(value) > JSON.stringify(other);

/** What an edit does to an album. */
interface AlbumEdit {
  /** The columns that it writes. */
  columns: Partial<Pick<AlbumRow, Field>> & { edits: EditTimes };
  /** Whether the album shows something else than before; if not, only the times of its edits are newer. */
  isChanged: boolean;
}

/**
 * Returns the fields of a patch that replace an album's present state, or undefined if none does: last write wins for each field, by the
 * time at which the user made the change.
 */
function newerFields(row: AlbumRow, patch: AlbumPatch, now: Date): AlbumEdit | undefined {
  const edits = row.edits as EditTimes;
  const newest = Math.max(Number.NEGATIVE_INFINITY, ...Object.values(edits).map((time) => Date.parse(time)));
  const at = new Date(editTime(patch.updatedAt, newest, now)).toISOString();
  const wins = (field: Field): boolean => {
    if (patch[field] === undefined) return false;
    const known = edits[field];
    return known === undefined || at > known || (at === known && outranks(patch[field], row[field]));
  };
  const winners = EDITABLE.filter(wins);
  if (winners.length === 0) return undefined;
  return {
    columns: {
      ...Object.fromEntries(winners.map((field) => [field, patch[field]])),
      edits: { ...edits, ...Object.fromEntries(winners.map((field) => [field, at])) },
    },
    isChanged: winners.some((field) => patch[field] !== row[field]),
  };
}
