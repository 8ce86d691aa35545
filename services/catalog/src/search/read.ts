import { ProblemError } from '@lazyphotos/service-kit';
import { type CatalogDb, Prisma } from '../prisma.js';
import { ownPhotosSql } from '../visibility.js';
import { flagConditions, type SearchQuery, selectiveConditions, timeConditions } from './conditions.js';
import type { Position } from './cursor.js';
import type { WordQuery } from './query.js';

/** How much work a page may take; in photos. */
export interface Limits {
  /** Up to so many matches are ranked; more are ordered by time alone. */
  ranked: number;
  /** So far the list of photos is walked for a page of a common word or place. */
  walked: number;
  /** Where such a walk does not fill a page, up to so many matches are collected by their own index and sorted. */
  gathered: number;
}
export const LIMITS: Limits = { ranked: 2000, walked: 5000, gathered: 20_000 };

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

/** Along the list of photos, newest first, with every other condition as a filter; with `span`, no further than so many photos. */
async function walk(db: CatalogDb, request: ReadRequest, span?: number): Promise<Hits> {
  const { userId, query, words, from, take } = request;
  const list = [ownPhotosSql(userId), ...timeConditions(query), ...afterInTime(from)];
  const filters = [
    sql`true`,
    ...flagConditions(query),
    ...selectiveConditions(query, words.match, { index: false }),
  ];
  const hits = await db.$queryRaw<Hit[]>`
    SELECT id, sort_at AS at, 0::float8 AS rank FROM (
      SELECT * FROM photos WHERE ${all(list)} ORDER BY sort_at DESC, id DESC ${span === undefined ? Prisma.empty : sql`LIMIT ${span}`}
    ) AS photos
    WHERE ${all(filters)}
    ORDER BY sort_at DESC, id DESC LIMIT ${take}`;
  return { hits, order: 'walked' };
}

/**
 * Collects what matches by the index on words or places, no more than `most`, and sorts it: by rank if `byRank`, else by time.
 * Resolves to undefined if more match.
 */
async function gather(
  db: CatalogDb,
  request: ReadRequest,
  { most, byRank }: { most: number; byRank: boolean },
): Promise<Hits | undefined> {
  const { userId, query, words, from, take } = request;
  const conditions = [
    ownPhotosSql(userId),
    ...timeConditions(query),
    ...flagConditions(query),
    ...(byRank ? [] : afterInTime(from)),
    ...selectiveConditions(query, words.match, { index: true }),
  ];
  const rank =
    byRank && words.rank
      ? sql`(SELECT (ts_rank(photos.search, ${words.rank.beginnings}::tsquery) + ts_rank(photos.search, ${words.rank.wholes}::tsquery))::float8
          FROM photos WHERE photos.id = matches.id)`
      : sql`0::float8`;
  const after =
    byRank && from
      ? sql`(rank, at, id) < (${from.rank}::float8, ${new Date(from.at)}, ${from.id}::uuid)`
      : sql`true`;
  const rows = await db.$queryRaw<({ count: number } & (Hit | { id: null }))[]>`
    WITH matches AS MATERIALIZED (
      SELECT photos.id, photos.sort_at AS at FROM photos WHERE ${all(conditions)} LIMIT ${most + 1}
    ), size AS (
      SELECT count(*)::int AS count FROM matches
    ), hits AS (
      SELECT id, at, CASE WHEN count <= ${most}::int THEN ${rank} END AS rank FROM matches, size WHERE count <= ${most}::int
    ), page AS (
      SELECT id, at, rank FROM hits WHERE ${after} ORDER BY rank DESC, at DESC, id DESC LIMIT ${take}
    )
    SELECT count, id, at, rank FROM size LEFT JOIN page ON true ORDER BY rank DESC, at DESC, id DESC`;
  if ((rows[0]?.count ?? 0) > most) return undefined;
  return { hits: rows.filter((row) => row.id !== null), order: byRank ? 'rank' : 'gathered' };
}

/** By time, for what many photos match: such a page is mostly full soon, and where it is not, collecting is cheaper. */
const readByTime = async (db: CatalogDb, request: ReadRequest): Promise<Hits> => {
  const near = await walk(db, request, request.limits.walked);
  if (near.hits.length === request.take) return near;
  const collected = await gather(db, request, { most: request.limits.gathered, byRank: false });
  return collected ?? walk(db, request);
};

/**
 * Reads the ids of one page. The first page decides the order for all of them: by rank where few photos match, else by time.
 * @throws ProblemError `invalid_cursor` if the library has grown so much since that the order no longer holds
 */
export async function readHits(db: CatalogDb, request: ReadRequest): Promise<Hits> {
  const { query, words, from, limits } = request;
  const isSelective = words.match !== undefined || query.near !== undefined || query.bbox !== undefined;
  if (!isSelective) return walk(db, request);
  if (from?.order === 'walked') return readByTime(db, request);
  if (from?.order === 'rank') {
    const page = await gather(db, request, { most: limits.gathered, byRank: true });
    if (!page) throw new ProblemError('invalid_cursor', 'Too much has changed since the first page.');
    return page;
  }
  const few = await gather(db, request, { most: limits.ranked, byRank: words.rank !== undefined && !from });
  return few ?? readByTime(db, request);
}
