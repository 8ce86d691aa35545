import { ProblemError } from '@lazyphotos/service-kit';
import { type CatalogDb, Prisma } from '../prisma.js';
import { ownPhotosSql } from '../visibility.js';
import { flagConditions, type SearchQuery, selectiveConditions, timeConditions } from './conditions.js';
import type { Position } from './cursor.js';
import type { WordQuery } from './query.js';

/** How much work each step takes at most; in photos. */
export interface Limits {
  /** Up to so many matches are ranked; more are ordered by time alone. */
  ranked: number;
  /** So far the list of photos is walked for a page of a common word or place. */
  walked: number;
  /** Where such a walk does not fill a page, the rest of the list is searched in windows of so many photos. */
  window: number;
}
export const LIMITS: Limits = { ranked: 2000, walked: 5000, window: 20_000 };

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

/** A search that was ranked on its first page stays ranked while its matches do not become so many times more. */
const MAX_GROWTH = 10;

/** A photo's place in the list, newest first. */
type Place = Pick<Hit, 'id' | 'at'>;

// The first condition bounds the index scan; the second breaks ties.
const after = ({ at, id }: Place): Prisma.Sql =>
  sql`photos.sort_at <= ${at} AND (photos.sort_at < ${at} OR photos.id < ${id}::uuid)`;
const upTo = ({ at, id }: Place): Prisma.Sql =>
  sql`photos.sort_at >= ${at} AND (photos.sort_at > ${at} OR photos.id >= ${id}::uuid)`;
const between = (start: Place | undefined, end?: Place): Prisma.Sql[] => [
  ...(start ? [after(start)] : []),
  ...(end ? [upTo(end)] : []),
];

const placeOf = (from: Position | undefined): Place | undefined =>
  from && { id: from.id, at: new Date(from.at) };

const listed = ({ userId, query }: ReadRequest): Prisma.Sql[] => [
  ownPhotosSql(userId),
  ...timeConditions(query),
];

/** Along the list of photos, newest first, with every other condition as a filter; with `span`, no further than so many photos. */
async function walk(db: CatalogDb, request: ReadRequest, span?: number): Promise<Hits> {
  const { query, words, from, take } = request;
  const list = [...listed(request), ...between(placeOf(from))];
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
  const { query, words, from, take } = request;
  const conditions = [
    ...listed(request),
    ...flagConditions(query),
    ...(byRank ? [] : between(placeOf(from))),
    ...selectiveConditions(query, words.match, { index: true }),
  ];
  const rank =
    byRank && words.rank
      ? sql`(SELECT (ts_rank(photos.search, ${words.rank.beginnings}::tsquery) + ts_rank(photos.search, ${words.rank.wholes}::tsquery))::float8
          FROM photos WHERE photos.id = matches.id)`
      : sql`0::float8`;
  const next =
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
      SELECT id, at, rank FROM hits WHERE ${next} ORDER BY rank DESC, at DESC, id DESC LIMIT ${take}
    )
    SELECT count, id, at, rank FROM size LEFT JOIN page ON true ORDER BY rank DESC, at DESC, id DESC`;
  if ((rows[0]?.count ?? 0) > most) return undefined;
  return { hits: rows.filter((row) => row.id !== null), order: byRank ? 'rank' : 'gathered' };
}

/** The photo that is `count` further down the list. */
async function further(
  db: CatalogDb,
  request: ReadRequest,
  start: Place | undefined,
  count: number,
): Promise<Place | undefined> {
  const [place] = await db.$queryRaw<Place[]>`
    SELECT id, sort_at AS at FROM photos WHERE ${all([...listed(request), ...between(start)])}
    ORDER BY sort_at DESC, id DESC OFFSET ${count - 1} LIMIT 1`;
  return place;
}

/**
 * A part of the list, from the photo after `start` to `end`. Both indexes together say which photos of it match, so that no others
 * are read.
 */
function readWindow(
  db: CatalogDb,
  request: ReadRequest,
  { start, end, take }: { start: Place; end: Place | undefined; take: number },
): Promise<Hit[]> {
  const { query, words } = request;
  const conditions = [
    ...listed(request),
    ...flagConditions(query),
    ...between(start, end),
    ...selectiveConditions(query, words.match, { index: true }),
  ];
  return db.$queryRaw<Hit[]>`
    WITH matches AS MATERIALIZED (SELECT photos.id, photos.sort_at AS at FROM photos WHERE ${all(conditions)})
    SELECT id, at, 0::float8 AS rank FROM matches ORDER BY at DESC, id DESC LIMIT ${take}`;
}

/** By time, for what many photos match: a short walk mostly fills a page; the photos of a camera of long ago come after it. */
async function readByTime(db: CatalogDb, request: ReadRequest): Promise<Hits> {
  const { from, take, limits } = request;
  const { hits, order } = await walk(db, request, limits.walked);
  let start = hits.length < take ? await further(db, request, placeOf(from), limits.walked) : undefined;
  while (start && hits.length < take) {
    const end = await further(db, request, start, limits.window);
    hits.push(...(await readWindow(db, request, { start, end, take: take - hits.length })));
    start = end;
  }
  return { hits, order };
}

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
    const page = await gather(db, request, { most: limits.ranked * MAX_GROWTH, byRank: true });
    if (!page) throw new ProblemError('invalid_cursor', 'Too much has changed since the first page.');
    return page;
  }
  const few = await gather(db, request, { most: limits.ranked, byRank: words.rank !== undefined && !from });
  return few ?? readByTime(db, request);
}
