import { type PhotoRow, Prisma } from './prisma.js';

/**
 * Which photos each door shows. Lists, search, albums, shares, archives and the feed all ask this module and nothing else, so that
 * what one door hides no other door reveals.
 *
 * | photo    | by id | list, timeline, search, albums | feed      | share, its pictures and archive |
 * | -------- | ----- | ------------------------------ | --------- | ------------------------------- |
 * | active   | owner | owner                          | owner     | whoever has the link            |
 * | archived | owner | owner, as a flag to filter by  | owner     | whoever has the link            |
 * | trashed  | owner | `trashed=true` only            | tombstone | nobody                          |
 * | foreign  | 404   | absent                         | absent    | nobody                          |
 */

/** Photos of a user, in the trash or not. */
export const ownPhotos = (userId: string, { trashed = false } = {}): Prisma.PhotoWhereInput => ({
  userId,
  isDeleted: trashed,
});

/** A photo of a user by its id, also in the trash. */
export const ownPhoto = (userId: string, id: string) => ({ id, userId });

/** Photos that a share link shows. */
export const sharedPhotos = (link: {
  userId: string;
  photoId: string | null;
  albumId: string | null;
}): Prisma.PhotoWhereInput => ({
  ...ownPhotos(link.userId),
  ...(link.albumId === null
    ? { id: { in: link.photoId === null ? [] : [link.photoId] } }
    : { albumItems: { some: { albumId: link.albumId } } }),
});

/** SQL: whether the share link `l` may show the photo `p`, which is its photo or in its album. */
export const shownBySharedLink = Prisma.sql`p.user_id = l.user_id AND NOT p.is_deleted`;

/** Whether the feed tells of this photo; if not, its entry is a tombstone. */
export const isInFeed = (photo: Pick<PhotoRow, 'isDeleted'>): boolean => !photo.isDeleted;
