import { ProblemError } from '@lazyphotos/service-kit';
import { indexRangesOf } from '../photos/selection.js';
import { type CatalogDb, Prisma } from '../prisma.js';
import { ownPhotosSql } from '../visibility.js';
import { flagConditions, indexedFlags, type SearchQuery, selectiveConditions, timeConditions } from './conditions.js';
import type { Position } from './cursor.js';
import type { WordQuery } from './query.js';

/** How much work each step takes at most; in photos. */
export interface Limits {
  /** Up to so many matches are ranked; more are ordered by time alone. */
  ranked: number;
  /** So far the list of photos is walked for a page of a common word or place. */
  walked: number;
  /** So many matches are read of a window of the list; of a window with more, a smaller one is read. */
  window: number;
}
export const LIMITS: Limits = { ranked: 2000, walked: 1000, window: 1000 };
/** How much larger than the last one the next window is; so much smaller after one with too many matches. */
const GROWTH = 4;

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

const after = ({ at, id }: Place): Prisma.Sql => sql`(photos.sort_at, photos.id) < (${at}, ${id}::uuid)`;
const upTo = ({ at, id }: Place): Prisma.Sql => sql`(photos.sort_at, photos.id) >= (${at}, ${id}::uuid)`;

const placeOf = (from: Position | undefined): Place | undefined =>
  from && { id: from.id, at: new Date(from.at) };

const listed = ({ userId, query }: ReadRequest): Prisma.Sql[] => [
  ownPhotosSql(userId),
  ...timeConditions(query),
];

/** The next photos of the list behind `start`, no more than `count`, as rows `at, photo_id` along an index. */
function listFrom({ userId, query }: ReadRequest, start: Place | undefined, count: number): Prisma.Sql {
  const { favorite, archived, albumId, from, to } = query;
  const { time, id, ranges } = indexRangesOf({ userId, favorite, archived, albumId, from, to });
  const behind = start ? sql` AND (${time}, ${id}) < (${start.at}, ${start.id}::uuid)` : Prisma.empty;
  // Each range by itself in order, with a limit of its own: only then does PostgreSQL merge them instead of sorting them all.
  const parts = ranges.map(
    (range) =>
      sql`(SELECT ${time} AS at, ${id} AS photo_id ${range}${behind} ORDER BY ${time} DESC, ${id} DESC LIMIT ${count})`,
  );
  return sql`SELECT at, photo_id FROM (${join(parts, ' UNION ALL ')}) AS parts ORDER BY at DESC, photo_id DESC`;
}

/** Along the list from `start`, no further than `span` photos, with words and places as a filter. */
function walk(
  db: CatalogDb,
  request: ReadRequest,
  { start, span, take }: { start: Place | undefined; span: number; take: number },
): Promise<Hit[]> {
  const filters = [sql`true`, ...selectiveConditions(request.query, request.words.match, { index: false })];
  return db.$queryRaw<Hit[]>`
    SELECT list.photo_id AS id, list.at, 0::float8 AS rank
    FROM (${listFrom(request, start, span)} LIMIT ${span}) AS list
    CROSS JOIN LATERAL (SELECT * FROM photos WHERE photos.id = list.photo_id OFFSET 0) AS photos
    WHERE ${all(filters)}
    ORDER BY list.at DESC, list.photo_id DESC LIMIT ${take}`;
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
    ...(byRank || !from ? [] : [after({ id: from.id, at: new Date(from.at) })]),
    ...selectiveConditions(query, words.match, { index: true }),
  ];
  const rank =
    byRank && words.rank
      ? sql`(ts_rank(search, ${words.rank.beginnings}::tsquery) + ts_rank(search, ${words.rank.wholes}::tsquery))::float8`
      : sql`0::float8`;
  const vector = byRank ? sql`, photos.search` : Prisma.empty;
  const next =
    byRank && from
      ? sql`(rank, at, id) < (${from.rank}::float8, ${new Date(from.at)}, ${from.id}::uuid)`
      : sql`true`;
  const rows = await db.$queryRaw<({ count: number } & (Hit | { id: null }))[]>`
    WITH matches AS MATERIALIZED (
      SELECT photos.id, photos.sort_at AS at${vector} FROM photos WHERE ${all(conditions)} LIMIT ${most + 1}
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
    SELECT photo_id AS id, at FROM (${listFrom(request, start, count)} OFFSET ${count - 1} LIMIT 1) AS list`;
  return place;
}

/**
 * A part of the list, from the photo after `start` to `end`. Both indexes together say which photos of it match, so that no others
 * are read. Resolves to undefined if more match than a window may hold.
 */
async function readWindow(
  db: CatalogDb,
  request: ReadRequest,
  { start, end, take }: { start: Place; end: Place | undefined; take: number },
): Promise<Hit[] | undefined> {
  const { query, words, limits } = request;
  const conditions = [
    ...listed(request),
    indexedFlags(query),
    ...flagConditions(query),
    after(start),
    ...(end ? [upTo(end)] : []),
    ...selectiveConditions(query, words.match, { index: true }),
  ];
  const rows = await db.$queryRaw<(Hit & { count: number })[]>`
    WITH matches AS MATERIALIZED (
      SELECT photos.id, photos.sort_at AS at FROM photos WHERE ${all(conditions)} LIMIT ${limits.window + 1}
    )
    SELECT id, at, 0::float8 AS rank, (SELECT count(*)::int FROM matches) AS count
    FROM matches ORDER BY at DESC, id DESC LIMIT ${take}`;
  if ((rows[0]?.count ?? 0) > limits.window) return undefined;
  return rows.map(({ id, at, rank }) => ({ id, at, rank }));
}

/**
 * By time, for what many photos match: a short walk mostly fills a page. What is rare among the newest photos (a camera of long ago)
 * is looked for in windows of the list, which grow as long as little is found, so that few of them reach the end of any list.
 */
async function readByTime(db: CatalogDb, request: ReadRequest): Promise<Hits> {
  const { take, limits } = request;
  let start = placeOf(request.from);
  const hits = await walk(db, request, { start, span: limits.walked, take });
  if (hits.length < take) start = await further(db, request, start, limits.walked);
  let size = limits.walked * GROWTH;
  while (start && hits.length < take) {
    const end = await further(db, request, start, size);
    const rest = take - hits.length;
    const found =
      size === limits.walked
        ? await walk(db, request, { start, span: size, take: rest })
        : await readWindow(db, request, { start, end, take: rest });
    if (found) {
      hits.push(...found);
      start = end;
    }
    size = found ? size * GROWTH : size / GROWTH;
  }
  return { hits, order: 'walked' };
}

/**
 * Reads the ids of one page. The first page decides the order for all of them: by rank where few photos match, else by time.
 * @throws ProblemError `invalid_cursor` if the library has grown so much since that the order no longer holds
 */
export async function readHits(db: CatalogDb, request: ReadRequest): Promise<Hits> {
  const { query, words, from, take, limits } = request;
  const isSelective = words.match !== undefined || query.near !== undefined || query.bbox !== undefined;
  if (!isSelective) {
    const hits = await walk(db, request, { start: placeOf(from), span: take, take });
    return { hits, order: 'walked' };
  }
  if (from?.order === 'walked') return readByTime(db, request);
  if (from?.order === 'rank') {
    const page = await gather(db, request, { most: limits.ranked * MAX_GROWTH, byRank: true });
    if (!page) throw new ProblemError('invalid_cursor', 'Too much has changed since the first page.');
    return page;
  }
  const byRank = words.rank !== undefined && !from;
  if (!byRank) {
    // Ordered by time in any case, so what is common needs no count.
    const hits = await walk(db, request, { start: placeOf(from), span: limits.walked, take });
    if (hits.length === take) return { hits, order: 'walked' };
  }
  const few = await gather(db, request, { most: limits.ranked, byRank });
  return few ?? readByTime(db, request);
}
