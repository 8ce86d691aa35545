import type { endpoints, QueryOf } from '@lazyphotos/contracts';
import { createCursor } from '@lazyphotos/service-kit';
import { z } from 'zod';
import { type CatalogDb, Prisma } from '../prisma.js';
import { isShown } from '../visibility.js';
import { flagConditions } from './selection.js';

type Query = QueryOf<typeof endpoints.listTags>;
interface TagRow {
  key: string;
  name: string;
  count: number;
}

const { sql } = Prisma;
const tagCursor = createCursor(
  z.object({
    tag: z
      .string()
      .max(1000)
      .regex(/^[^\0]*$/),
  }),
);

/** Reads a page of a user's tags in the order of their keys, from one key to the next along the index. */
export async function readTags(db: CatalogDb, userId: string, { cursor, limit }: Query) {
  const after = cursor === undefined ? '' : tagCursor.decode(cursor).tag;
  const next = (key: Prisma.Sql) => sql`(
    SELECT t.tag_key FROM photo_tags t WHERE t.scope = ${userId}::uuid AND t.tag_key > ${key} ORDER BY t.tag_key LIMIT 1)`;
  const shown = sql`FROM photo_tags t WHERE t.scope = ${userId}::uuid AND t.tag_key = keys.key AND ${isShown({ row: 't' })}`;
  const newest = flagConditions({}).map(
    (flags) =>
      sql`(SELECT t.sort_at, t.photo_id ${shown} AND ${flags} ORDER BY t.sort_at DESC, t.photo_id DESC LIMIT 1)`,
  );
  const read = await db.$queryRaw<TagRow[]>`
    WITH RECURSIVE keys AS (
      SELECT ${next(sql`${after}`)} AS key
      UNION ALL
      SELECT ${next(sql`keys.key`)} FROM keys WHERE keys.key IS NOT NULL
    )
    SELECT keys.key, p.tags[array_position(p.tag_keys, keys.key)] AS name, (SELECT count(*)::int ${shown}) AS count
    FROM keys
    CROSS JOIN LATERAL (
      SELECT photo_id FROM (${Prisma.join(newest, ' UNION ALL ')}) AS candidates ORDER BY sort_at DESC, photo_id DESC LIMIT 1
    ) AS newest
    JOIN photos p ON p.id = newest.photo_id
    LIMIT ${limit + 1}`;
  const rows = read.slice(0, limit);
  const last = rows.at(-1);
  return {
    tags: rows.map(({ name, count }) => ({ name, count })),
    cursor: last ? tagCursor.encode({ tag: last.key }) : null,
    hasMore: read.length > limit,
  };
}
