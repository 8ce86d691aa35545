import type { KnownPhotoState } from '@lazyphotos/contracts';
import { type PhotoRow, Prisma } from './prisma.js';

/**
 * Which photos each part of the API shows. Lists, search, albums, shares, archives and the feed take their conditions from this
 * module only, so that a photo that is hidden in one of them is hidden in all.
 *
 * | photo    | by id | list, timeline, search, albums | feed      | share, its pictures and archive |
 * | -------- | ----- | ------------------------------ | --------- | ------------------------------- |
 * | active   | owner | owner                          | owner     | everyone with the link          |
 * | archived | owner | owner, as a flag to filter by  | owner     | everyone with the link          |
 * | trashed  | owner | `trashed=true` only            | tombstone | not shown                       |
 * | foreign  | 404   | absent                         | absent    | not shown                       |
 */

/** Photos of a user, in the trash or not. */
export const ownPhotos = (userId: string, { trashed = false } = {}): Prisma.PhotoWhereInput => ({
  userId,
  isDeleted: trashed,
});

/**
 * The same as a condition in SQL: rows of photos, or of the tables that repeat what lists filter by (album_items, photo_tags).
 * `row` is the table or its alias.
 */
export const isShown = ({
  trashed = false,
  row,
}: {
  trashed?: boolean | undefined;
  row?: string;
} = {}): Prisma.Sql => {
  const column = Prisma.raw(row === undefined ? 'is_deleted' : `${row}.is_deleted`);
  return trashed ? Prisma.sql`${column}` : Prisma.sql`NOT ${column}`;
};
/** The same as a condition on the table `photos`. */
export const ownPhotosSql = (userId: string, { trashed = false } = {}): Prisma.Sql =>
  Prisma.sql`photos.user_id = ${userId}::uuid AND photos.is_deleted = ${trashed}`;

/** A photo of a user by its id, also in the trash. */
export const ownPhoto = (userId: string, id: string) => ({ id, userId });

/** Photos of a user by their ids, also in the trash. */
export const ownPhotosById = (userId: string, ids: readonly string[]) => ({ userId, id: { in: [...ids] } });
/** The photo that a link to a single photo shows. An album's are read as the album is: see `isShown`. */
export const sharedPhoto = (userId: string, photoId: string | null): Prisma.PhotoWhereInput => ({
  ...ownPhotos(userId),
  id: { in: photoId === null ? [] : [photoId] },
});

/** SQL: whether the share link `l` may show the photo `p`, which is its photo or in its album. */
export const shownBySharedLink = Prisma.sql`p.user_id = l.user_id AND NOT p.is_deleted`;

/** Whether the feed contains this photo; if not, its entry is a tombstone. */
export const isInFeed = (photo: Pick<PhotoRow, 'isDeleted'>): boolean => !photo.isDeleted;

/** Whether an album shows this photo or this item of it. */
export const isInAlbum = (row: Pick<PhotoRow, 'isDeleted'>): boolean => !row.isDeleted;

/** The state of an existing photo, for an upload of the same bytes. */
export const lifeStateOf = (photo: Pick<PhotoRow, 'isDeleted'>): KnownPhotoState =>
  photo.isDeleted ? 'trashed' : 'active';
