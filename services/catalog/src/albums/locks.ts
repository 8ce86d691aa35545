import { notFound } from '@lazyphotos/service-kit';
import { neverOwned } from '../photos/lock.js';
import type { CatalogTx } from '../prisma.js';
import { isShown } from '../visibility.js';

/*
 * The order of locks: photos by id, then albums by id, then items. A trigger writes a photo's items whenever the photo changes,
 * so code that writes an item has to lock its photo. When a transaction changes an item twice, the foreign key of the second change
 * takes a share of the album's key, before the album is locked: `FOR UPDATE` would conflict with the shares of others and deadlock.
 */

/** Locks albums of this user, in id order. Returns the ids of those that are there. */
export async function lockAlbums(
  tx: CatalogTx,
  userId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM albums WHERE id = ANY(${[...ids]}::uuid[]) AND user_id = ${userId}::uuid ORDER BY id
    FOR NO KEY UPDATE`;
  return new Set(rows.map((row) => row.id));
}

/** Locks an album of this user against every other change of it. @throws ProblemError `not_found` */
export async function lockAlbum(tx: CatalogTx, userId: string, id: string): Promise<void> {
  const locked = await lockAlbums(tx, userId, [id]);
  if (locked.size === 0) throw notFound('album');
}

/** Makes sure that these are photos of this user outside the trash, and that they stay so. @throws ProblemError `not_found` */
export async function holdPhotos(tx: CatalogTx, userId: string, ids: readonly string[]): Promise<void> {
  const unique = new Set(ids);
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT id FROM photos WHERE user_id = ${userId}::uuid AND id = ANY(${[...unique]}::uuid[]) AND ${isShown()}
    ORDER BY id FOR SHARE`;
  if (rows.length < unique.size) throw notFound('photo');
}

/** The result of a look-up of photos by ids that a user names. Purged ones are in neither list. */
interface OwnPhotos {
  /** Photos of this user, in the trash or not. They stay as they are until the end of the transaction. */
  held: Set<string>;
  /** Those that are not this user's and never were. */
  unknown: string[];
}

/** Looks up photos of this user by their ids, and holds those that are there. */
export async function holdOwnPhotos(
  tx: CatalogTx,
  userId: string,
  ids: readonly string[],
): Promise<OwnPhotos> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM photos WHERE user_id = ${userId}::uuid AND id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR SHARE`;
  const held = new Set(rows.map((row) => row.id));
  const missing = ids.filter((id) => !held.has(id));
  return { held, unknown: await neverOwned(tx, userId, missing) };
}

/** Makes sure that this is a photo of this user, in the trash or not, and that it stays as it is. @throws ProblemError `not_found` */
export async function holdPhoto(tx: CatalogTx, userId: string, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT id FROM photos WHERE user_id = ${userId}::uuid AND id = ${id}::uuid FOR SHARE`;
  if (rows.length === 0) throw notFound('photo');
}

/**
 * Locks an album and all its photos. Resolves to false when a photo came into the album in between: it is not locked, and the
 * caller starts a new transaction.
 * @throws ProblemError `not_found`
 */
export async function lockWholeAlbum(tx: CatalogTx, userId: string, id: string): Promise<boolean> {
  const held = await tx.$queryRaw<{ id: string }[]>`
    SELECT p.id FROM photos p JOIN album_items i ON i.photo_id = p.id JOIN albums a ON a.id = i.album_id
    WHERE a.id = ${id}::uuid AND a.user_id = ${userId}::uuid ORDER BY p.id FOR SHARE OF p`;
  await lockAlbum(tx, userId, id);
  const [missed] = await tx.$queryRaw<unknown[]>`
    SELECT photo_id FROM album_items
    WHERE album_id = ${id}::uuid AND photo_id <> ALL (${held.map((row) => row.id)}::uuid[]) LIMIT 1`;
  return missed === undefined;
}
