import type { CatalogDb } from '../prisma.js';

/*
 * Lists repeat what they filter by: a change of one photo writes a row for each of its tags in each of its albums. A transaction ends
 * after 30 seconds, so its size is bounded by these rows and not by the number of photos alone.
 */

/** How many photos one transaction changes at most: short ones let others in between. */
const MAX_PHOTOS = 50;
/**
 * How many rows of lists one transaction writes at most, unless a single photo has more. On two cores with forty times as much to do as they can,
 * 15,000 rows took longer than a transaction may.
 */
const MAX_ROWS = 5000;
/** An album counts as so many rows at least: its own row changes, and it has an event, which is in memory until the commit. */
const LIST_ROWS = 20;

/** In how many lists a photo is (its user's and its albums'), and how many tags it has. */
export interface ListSize {
  lists: number;
  tags: number;
}

/** Reads the list sizes of this user's photos by their ids. Ids that are not this user's are left out. */
export async function readListSizes(
  db: CatalogDb,
  userId: string,
  ids: readonly string[],
): Promise<Map<string, ListSize>> {
  const rows = await db.$queryRaw<(ListSize & { id: string })[]>`
    SELECT id, cardinality(tag_keys) AS tags,
      1 + (SELECT count(*)::int FROM album_items WHERE album_items.photo_id = photos.id) AS lists
    FROM photos WHERE user_id = ${userId}::uuid AND id = ANY(${[...ids]}::uuid[])`;
  return new Map(rows.map(({ id, lists, tags }) => [id, { lists, tags }]));
}

/** Returns how many rows a change of a photo writes, with tags that come or go, or a little more. */
export const rowsOf = (size: ListSize | undefined, tagChanges = 0): number =>
  size ? 1 + size.tags + tagChanges + (size.lists - 1) * Math.max(LIST_ROWS, 1 + size.tags + tagChanges) : 1;

/** Splits a list, in its order, into batches for one transaction each. `rows` says how many rows an item writes. */
export function batchesOf<T>(items: readonly T[], rows: (item: T) => number): T[][] {
  const batches: T[][] = [];
  let [batch, sum]: [T[], number] = [[], 0];
  for (const item of items) {
    const count = rows(item);
    if (batch.length === MAX_PHOTOS || (batch.length > 0 && sum + count > MAX_ROWS)) {
      batches.push(batch);
      [batch, sum] = [[], 0];
    }
    batch.push(item);
    sum += count;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
