import type { Emit } from '@lazyphotos/database';
import type { CatalogContext } from '../context.js';
import { batchesOf, readListSizes, rowsOf } from '../photos/batches.js';
import { lockPhotos } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { ownPhotosById } from '../visibility.js';
import { type AlbumChange, changeAlbums, lockAlbumsOf } from './albums-of.js';

/** Why photos are purged: their owner deleted them, the trash was emptied, or they were in it for long enough. */
export type PurgeReason = 'deleted' | 'emptied' | 'expired';

const deletion = (row: PhotoRow, deletedAt: Date) => ({
  photoId: row.id,
  userId: row.userId,
  storageKey: row.storageKey,
  version: row.version,
  deletedAt: deletedAt.toISOString(),
});

/** Moves those of these photos of a user into the trash that are not in it. The caller has locked them. */
export async function trashLocked(
  tx: CatalogTx,
  emit: Emit,
  userId: string,
  ids: readonly string[],
  at: Date,
): Promise<void> {
  const rows = await tx.photo.updateManyAndReturn({
    where: { ...ownPhotosById(userId, ids), isDeleted: false },
    data: { isDeleted: true, deletedAt: at, updatedAt: at, version: { increment: 1 } },
  });
  for (const row of rows) emit('photo.trashed', deletion(row, at));
  const trashed = rows.map((row) => row.id);
  await changeAlbums(tx, emit, await lockAlbumsOf(tx, userId, trashed), -1, at);
}

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

/*
 * A photo's way into the trash, back, and out of the library. Each function takes many ids of one user and changes only those that are in
 * the right state, so that a repeated call does no harm. They work in batches, with one transaction and a constant number of statements for
 * each: when one fails, those before it are done, and the call can be repeated.
 */

async function inBatches(
  { db }: CatalogContext,
  userId: string,
  ids: readonly string[],
  work: (batch: readonly string[]) => Promise<Set<string>>,
): Promise<Set<string>> {
  const sizes = await readListSizes(db, userId, ids);
  const done = new Set<string>();
  for (const batch of batchesOf([...new Set(ids)], (id) => rowsOf(sizes.get(id)))) {
    for (const id of await work(batch)) done.add(id);
  }
  return done;
}

/** Returns the ids of those that are this user's photos. */
export const trashPhotos = (context: CatalogContext, userId: string, ids: readonly string[]) =>
  inBatches(context, userId, ids, (batch) =>
    context.unitOfWork.transaction(async (tx, emit) => {
      const known = await lockPhotos(tx, userId, batch);
      await trashLocked(tx, emit, userId, batch, context.now());
      return known;
    }),
  );

/** Returns the ids of those that are this user's photos. */
export const restorePhotos = (context: CatalogContext, userId: string, ids: readonly string[]) =>
  inBatches(context, userId, ids, (batch) =>
    context.unitOfWork.transaction(async (tx, emit) => {
      const at = context.now();
      const known = await lockPhotos(tx, userId, batch);
      const rows = await tx.photo.updateManyAndReturn({
        where: { ...ownPhotosById(userId, batch), isDeleted: true },
        data: { isDeleted: false, deletedAt: null, updatedAt: at, version: { increment: 1 } },
      });
      for (const row of rows) emit('photo.changed', { photo: photoRecordOf(row) });
      const restored = rows.map((row) => row.id);
      await changeAlbums(tx, emit, await lockAlbumsOf(tx, userId, restored), 1, at);
      return known;
    }),
  );

/**
 * Removes rows; the services that own the objects delete them on the event. With `trashedBefore` only photos that came into the trash
 * before that time and are still there: a photo that was restored since the caller looked stays. Returns the ids of the removed ones.
 */
export const purgePhotos = (
  context: CatalogContext,
  userId: string,
  ids: readonly string[],
  reason: PurgeReason,
  trashedBefore?: Date,
) =>
  inBatches(context, userId, ids, async (batch) => {
    const purged = await context.unitOfWork.transaction((tx, emit) =>
      purgeBatch(tx, emit, userId, batch, context.now(), trashedBefore),
    );
    context.metrics.purged.inc({ reason }, purged.size);
    return purged;
  });

async function purgeBatch(
  tx: CatalogTx,
  emit: Emit,
  userId: string,
  ids: readonly string[],
  at: Date,
  trashedBefore: Date | undefined,
): Promise<Set<string>> {
  await lockPhotos(tx, userId, ids);
  const due = trashedBefore ? { isDeleted: true, deletedAt: { lt: trashedBefore } } : {};
  const rows = await tx.photo.findMany({ where: { ...ownPhotosById(userId, ids), ...due } });
  const gone = rows.map((row) => row.id);
  const covered = await coveredBy(tx, userId, gone);
  const albums = await lockAlbumsOf(tx, userId, gone, covered);
  await tx.purgedPhoto.createMany({
    data: rows.map((row) => ({ id: row.id, userId, version: row.version + 1, purgedAt: at })),
    skipDuplicates: true,
  });
  await tx.album.updateMany({
    where: { id: { in: covered }, coverPhotoId: { in: gone } },
    data: { coverPhotoId: null },
  });
  await tx.photo.deleteMany({ where: { id: { in: gone } } });
  await tx.earlyMedia.deleteMany({ where: { photoId: { in: gone } } });
  for (const row of rows) emit('photo.purged', deletion({ ...row, version: row.version + 1 }, at));
  await changeAlbums(tx, emit, visibleChanges(albums, rows, covered), -1, at);
  return new Set(gone);
}
