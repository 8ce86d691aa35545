import { ProblemError } from '@lazyphotos/service-kit';
import { indexRangesOf } from '../photos/selection.js';
import { type CatalogDb, Prisma } from '../prisma.js';
import { ownPhotosSql } from '../visibility.js';
import {
  flagConditions,
  indexedFlags,
  type SearchQuery,
  selectiveConditions,
  timeConditions,
} from './conditions.js';
import type { Position } from './cursor.js';
import type { WordQuery } from './query.js';

/** How much work each step takes at most; in photos. */
export interface Limits {
  /** Up to so many matches are ranked; more are ordered by time alone. */
  ranked: number;
  /** So far the list of photos is walked for a page of a common word or place. */
  walked: number;
  /** So many matches of the rest of the list are read at first; if there are more, they say where the page must end. */
  window: number;
}
export const LIMITS: Limits = { ranked: 2000, walked: 1000, window: 2000 };
/** How many times more matches are read of each part of the list that turned out to hold too many. */
const GROWTH = 8;

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
const notBefore = ({ at, id }: Place): Prisma.Sql =>
  sql`(photos.sort_at > ${at} OR (photos.sort_at = ${at} AND photos.id >= ${id}::uuid))`;

/**
 * The same part of the list once more for the index. PostgreSQL cannot estimate what a sub-select gives, takes the part to be small,
 * and so combines both indexes. By its statistics it would not where it takes several words together (a camera's) to be rare, and
 * would read every photo that has them.
 */
const hiddenPart = (start: Place | undefined, end: Place): Prisma.Sql => {
  const newest = start ? sql`${start.at}` : sql`'infinity'`;
  return sql`photos.sort_at BETWEEN (SELECT ${end.at}::timestamptz) AND (SELECT ${newest}::timestamptz)`;
};

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
  // Each range is ordered separately and has its own limit: only then does PostgreSQL merge them instead of sorting them all.
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

interface Gathered {
  /** In their order; if not all were read, the newest of those that were. */
  hits: Hit[];
  isComplete: boolean;
}

/**
 * Collects what matches by the index on words or places, no more than `most` photos, and sorts it: by rank if `byRank`, else by time.
 * Where the part of the list from `start` to `end` is given, both indexes together say which photos of it match, so that no others
 * are read.
 */
async function gather(
  db: CatalogDb,
  request: ReadRequest,
  {
    most,
    byRank,
    start,
    end,
  }: { most: number; byRank: boolean; start?: Place | undefined; end?: Place | undefined },
): Promise<Gathered> {
  const { query, words, from, take } = request;
  const isPart =
    start !== undefined || end !== undefined || query.from !== undefined || query.to !== undefined;
  const conditions = [
    ...listed(request),
    ...flagConditions(query),
    ...(isPart ? [indexedFlags(query)] : []),
    ...(start ? [after(start)] : []),
    ...(end ? [notBefore(end), hiddenPart(start, end)] : []),
    ...selectiveConditions(query, words.match, { index: true, isHidden: end !== undefined }),
  ];
  const vector = byRank ? sql`, photos.search` : Prisma.empty;
  const rank =
    byRank && words.rank
      ? sql`(ts_rank(search, ${words.rank.beginnings}::tsquery) + ts_rank(search, ${words.rank.wholes}::tsquery))::float8`
      : sql`0::float8`;
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
      SELECT id, at, CASE WHEN count <= ${most}::int THEN ${rank} ELSE 0 END AS rank FROM matches, size
    ), page AS (
      SELECT id, at, rank FROM hits WHERE ${next} ORDER BY rank DESC, at DESC, id DESC LIMIT ${take}
    )
    SELECT count, id, at, rank FROM size LEFT JOIN page ON true ORDER BY rank DESC, at DESC, id DESC`;
  return { hits: rows.filter((row) => row.id !== null), isComplete: (rows[0]?.count ?? 0) <= most };
}

/**
 * By time. A short walk mostly fills a page of what many photos match. What is rare among the newest photos (a camera of long ago) is
 * gathered: any photos that match, as many as a page has, say that the page ends no later than the oldest of them, so each step
 * leaves a smaller part of the list. `end` is what is known of that already.
 */
async function readByTime(db: CatalogDb, request: ReadRequest, end?: Place): Promise<Hits> {
  const { take, limits } = request;
  const start = placeOf(request.from);
  const order = 'time';
  const walked = await walk(db, request, { start, span: limits.walked, take });
  if (walked.length === take) return { hits: walked, order };
  let most = Math.max(limits.window, take);
  let until = end;
  for (;;) {
    const { hits, isComplete } = await gather(db, request, { most, byRank: false, start, end: until });
    // Fewer than a page in a part that held one: photos have gone meanwhile, so the rest of the list is looked at again.
    const isShort = isComplete && until !== undefined && hits.length < take;
    if (isComplete && !isShort) return { hits, order };
    until = isShort ? undefined : hits.at(-1);
    most *= GROWTH;
  }
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
    return { hits, order: 'time' };
  }
  if (words.rank === undefined || from?.order === 'time') return readByTime(db, request);
  const most = from ? limits.ranked * MAX_GROWTH : limits.ranked;
  const { hits, isComplete } = await gather(db, request, { most, byRank: true });
  if (isComplete) return { hits, order: 'rank' };
  if (from) throw new ProblemError('invalid_cursor', 'Too much has changed since the first page.');
  return readByTime(db, request, hits.length === take ? hits.at(-1) : undefined);
}
