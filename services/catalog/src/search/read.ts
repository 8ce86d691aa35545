import { type CatalogDb, Prisma } from '../prisma.js';
import { listConditions, type SearchQuery, selectiveConditions } from './conditions.js';
import type { Position } from './cursor.js';
import type { WordQuery } from './query.js';

export interface Limits {
  /** Up to so many matches are ranked; more are ordered by time alone. */
  ranked: number;
  /**
   * Up to so many matches are collected by their own index and sorted. More are found by walking along the list of photos: where
   * that many match, a page is full soon.
   */
  gathered: number;
}
export const LIMITS: Limits = { ranked: 2000, gathered: 20_000 };

export interface Hit {
  id: string;
  at: Date;
  rank: number;
}

export interface Hits {
  hits: Hit[];
  order: Position['order'];
}

export interface ReadRequest {
  userId: string;
  query: SearchQuery;
  words: WordQuery;
  from: Position | undefined;
  /** How many hits. */
  take: number;
  limits: Limits;
}

const { sql, join } = Prisma;
const all = (conditions: Prisma.Sql[]): Prisma.Sql => join(conditions, ' AND ');

const afterInTime = (from: Position | undefined): Prisma.Sql[] => {
  if (!from) return [];
  const at = new Date(from.at);
  // The first condition bounds the index scan; the second breaks ties.
  return [sql`photos.sort_at <= ${at} AND (photos.sort_at < ${at} OR photos.id < ${from.id}::uuid)`];
};

/** Along the list of photos, newest first, with every other condition as a filter. */
async function walk(db: CatalogDb, { userId, query, words, from, take }: ReadRequest): Promise<Hits> {
  const conditions = [
    ...listConditions(userId, query),
    ...afterInTime(from),
    ...selectiveConditions(query, words.match, { index: false }),
  ];
  const hits = await db.$queryRaw<Hit[]>`
    SELECT id, sort_at AS at, 0::float8 AS rank FROM photos
    WHERE ${all(conditions)}
    ORDER BY sort_at DESC, id DESC LIMIT ${take}`;
  return { hits, order: 'walked' };
}

/** How many matches are ranked: what the first page has decided holds for all. */
function maxRanked({ from, words, limits }: ReadRequest): number {
  if (!words.rank) return -1;
  if (!from) return limits.ranked;
  return from.order === 'rank' ? limits.gathered + 1 : -1;
}

/**
 * Collects what matches by the index on words or places, up to a bound, then ranks and sorts it. Resolves to undefined if too
 * many match.
 */
async function gather(db: CatalogDb, request: ReadRequest): Promise<Hits | undefined> {
  const { userId, query, words, from, take, limits } = request;
  const byRank = from?.order === 'rank';
  const conditions = [
    ...listConditions(userId, query),
    ...(byRank ? [] : afterInTime(from)),
    ...selectiveConditions(query, words.match, { index: true }),
  ];
  const { beginnings = '', wholes = '' } = words.rank ?? {};
  const rank = sql`(SELECT (ts_rank(photos.search, ${beginnings}::tsquery) + ts_rank(photos.search, ${wholes}::tsquery))::float8
    FROM photos WHERE photos.id = matches.id)`;
  const after = byRank
    ? sql`(rank, at, id) < (${from.rank}::float8, ${new Date(from.at)}, ${from.id}::uuid)`
    : sql`true`;
  const rows = await db.$queryRaw<(Partial<Hit> & { count: number; ranked: boolean })[]>`
    WITH matches AS MATERIALIZED (
      SELECT photos.id, photos.sort_at AS at FROM photos WHERE ${all(conditions)} LIMIT ${limits.gathered + 1}
    ), size AS (
      SELECT count(*)::int AS count, count(*) <= ${maxRanked(request)}::int AS ranked FROM matches
    ), hits AS (
      SELECT id, at, CASE WHEN ranked THEN ${words.rank ? rank : sql`0`} ELSE 0 END AS rank
      FROM matches, size WHERE ranked OR count <= ${limits.gathered}::int
    ), page AS (
      SELECT id, at, rank FROM hits WHERE ${after} ORDER BY rank DESC, at DESC, id DESC LIMIT ${take}
    )
    SELECT count, ranked, id, at, rank FROM size LEFT JOIN page ON true ORDER BY rank DESC, at DESC, id DESC`;
  const { count = 0, ranked = false } = rows[0] ?? {};
  if (count > limits.gathered && !ranked) return undefined;
  const hits = rows.filter((row): row is Hit & (typeof rows)[number] => row.id !== null);
  return { hits, order: ranked ? 'rank' : 'gathered' };
}

/**
 * Reads the ids of one page. The work is bounded: by `limits.gathered` where few photos match, by the distance to the page's last photo
 * in the list of photos where many do.
 */
export async function readHits(db: CatalogDb, request: ReadRequest): Promise<Hits> {
  const { query, words, from } = request;
  const isSelective = words.match !== undefined || query.near !== undefined || query.bbox !== undefined;
  const gathered = isSelective && from?.order !== 'walked' ? await gather(db, request) : undefined;
  return gathered ?? walk(db, request);
}
