import { type PhotoFilter, tagKey } from '@lazyphotos/contracts';
import { Prisma } from '../prisma.js';
import { nearestInstant } from '../values.js';
import { isShown } from '../visibility.js';

/** Which photos of a user a list, its timeline or an album shows. */
export type Selection = { userId: string } & Partial<PhotoFilter>;

const { sql } = Prisma;

/** Where a selection is looked up: the table with an index for it, its column of the photo's id, and the first index columns. */
function sourceOf({ userId, albumId, tag }: Selection) {
  if (tag !== undefined) {
    return {
      table: sql`photo_tags`,
      id: sql`photo_id`,
      // The tags of a user's photos stand once under the user, and once under each album.
      owner: sql`scope = ${albumId ?? userId}::uuid AND tag_key = ${tagKey(tag)}`,
    };
  }
  if (albumId !== undefined) {
    return { table: sql`album_items`, id: sql`photo_id`, owner: sql`album_id = ${albumId}::uuid` };
  }
  return { table: sql`photos`, id: sql`id`, owner: sql`user_id = ${userId}::uuid` };
}

/** Both values of a flag that the selection leaves open. An index is ordered by time only behind a value of each flag. */
const valuesOf = (flag: boolean | undefined): boolean[] => (flag === undefined ? [false, true] : [flag]);

/** The conditions of `favorite` and `archived`, one for each combination of values that the selection holds. */
export const flagConditions = ({
  favorite,
  archived,
}: Pick<Selection, 'favorite' | 'archived'>): Prisma.Sql[] =>
  valuesOf(favorite).flatMap((isFavorite) =>
    valuesOf(archived).map(
      (isArchived) =>
        sql`favorite = ${Prisma.raw(`${isFavorite}`)} AND archived = ${Prisma.raw(`${isArchived}`)}`,
    ),
  );

export interface IndexRanges {
  /** The columns that the ranges are ordered by, both descending: the time, then the photo's id. */
  time: Prisma.Sql;
  id: Prisma.Sql;
  /** `FROM … WHERE …` of each range: one to four, that share no row and make up the selection. */
  ranges: Prisma.Sql[];
}

/**
 * Returns a selection as ranges of one index. Whatever the filters are, each range holds nothing but rows of the selection, so
 * that reading on from any place in it costs the same in a library of any size.
 */
export function indexRangesOf(selection: Selection): IndexRanges {
  const { sort = 'capturedAt', from, to, trashed } = selection;
  const { table, id, owner } = sourceOf(selection);
  const time = sort === 'uploadedAt' ? sql`uploaded_at` : sql`sort_at`;
  const bounds = [
    from === undefined ? Prisma.empty : sql` AND ${time} >= ${nearestInstant(from)}::timestamptz`,
    to === undefined ? Prisma.empty : sql` AND ${time} < ${nearestInstant(to)}::timestamptz`,
  ];
  const ranges = flagConditions(selection).map(
    (flags) =>
      sql`FROM ${table} WHERE ${owner} AND ${isShown({ trashed })} AND ${flags}${bounds[0]}${bounds[1]}`,
  );
  return { time, id, ranges };
}
