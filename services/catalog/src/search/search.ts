import type { Photo } from '@lazyphotos/contracts';
import { requireAlbum } from '../albums/record.js';
import type { CatalogContext } from '../context.js';
import { type ListedPhoto, type StoredListedPhoto, toListedPhoto } from '../photos/columns.js';
import { type FittingColumns, fittingPhotos } from '../photos/page-bytes.js';
import { viewPhotos } from '../photos/view.js';
import { type CatalogDb, Prisma } from '../prisma.js';
import { ownPhotosSql } from '../visibility.js';
import type { SearchQuery } from './conditions.js';
import { decodePosition, encodePosition } from './cursor.js';
import { NothingToFind, type WordQuery, wordQueryOf } from './query.js';
import { type Hit, LIMITS, type Limits, readHits } from './read.js';

const { sql } = Prisma;

interface SearchPage {
  photos: Photo[];
  cursor: string | null;
  hasMore: boolean;
}

const NOTHING: SearchPage = { photos: [], cursor: null, hasMore: false };

function wordsOrNothing(query: SearchQuery): WordQuery | undefined {
  try {
    return wordQueryOf(query);
  } catch (error) {
    if (error instanceof NothingToFind) return undefined;
    throw error;
  }
}

/** The label of the duration: what selects the photos. It contains nothing of what was searched for. */
const kindOf = (query: SearchQuery): string => {
  const place = query.near !== undefined || query.bbox !== undefined;
  const words = query.q !== undefined || query.tag !== undefined || query.camera !== undefined;
  if (words) return place ? 'words_place' : 'words';
  return place ? 'place' : 'filters';
};

/**
 * Reads the rows of hits in their order, as many as fit on a page. Resolves to them and to the hits that the page has gone through: one that
 * went to the trash meanwhile has no row.
 */
async function readPhotos(
  db: CatalogDb,
  userId: string,
  hits: readonly Hit[],
): Promise<{ rows: ListedPhoto[]; passed: readonly Hit[] }> {
  const ids = hits.map(({ id }) => id);
  const found = sql`
    SELECT hit.id AS photo_id, hit.nth FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS hit (id, nth)
    JOIN photos ON photos.id = hit.id AND ${ownPhotosSql(userId)}`;
  const page = { rows: found, order: 'nth', column: { name: 'nth', as: 'nth' } } as const;
  const read = await db.$queryRaw<(StoredListedPhoto & FittingColumns)[]>(fittingPhotos(userId, page));
  const rows = read.map(toListedPhoto);
  const last = rows.at(-1);
  const isCut = last !== undefined && last.found > rows.length;
  return { rows, passed: isCut ? hits.slice(0, Number(last.nth)) : hits };
}

async function readPage(
  context: CatalogContext,
  userId: string,
  query: SearchQuery,
  limits: Limits,
): Promise<SearchPage> {
  const { db } = context;
  const from = decodePosition(query);
  if (query.albumId !== undefined) await requireAlbum(db, userId, query.albumId);
  const words = wordsOrNothing(query);
  if (!words) return NOTHING;
  const take = query.limit + 1;
  const { hits, order } = await readHits(db, { userId, query, words, from, take, limits });
  const { rows, passed } = await readPhotos(db, userId, hits.slice(0, query.limit));
  const last = passed.at(-1);
  if (!last) return NOTHING;
  const rank = order === 'rank' ? { rank: last.rank } : {};
  return {
    photos: await viewPhotos(context, userId, rows),
    cursor: encodePosition(query, { order, at: last.at.getTime(), id: last.id, ...rank }),
    hasMore: hits.length > passed.length,
  };
}

/**
 * Finds photos of a user outside the trash.
 * @throws ProblemError `invalid_cursor`, `invalid_request` (too many words), `not_found` (the album)
 */
export async function searchPhotos(
  context: CatalogContext,
  userId: string,
  query: SearchQuery,
  limits: Limits = LIMITS,
): Promise<SearchPage> {
  const stop = context.metrics.searchDuration.startTimer({ kind: kindOf(query) });
  try {
    return await readPage(context, userId, query, limits);
  } finally {
    stop();
  }
}
