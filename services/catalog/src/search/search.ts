import type { Photo } from '@lazyphotos/contracts';
import { requireAlbum } from '../albums/record.js';
import type { CatalogContext } from '../context.js';
import { viewPhotos } from '../photos/view.js';
import type { CatalogDb, PhotoRow } from '../prisma.js';
import { ownPhotos } from '../visibility.js';
import type { SearchQuery } from './conditions.js';
import { decodePosition, encodePosition } from './cursor.js';
import { NothingToFind, type WordQuery, wordQueryOf } from './query.js';
import { type Hit, LIMITS, type Limits, readHits } from './read.js';

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

/** The rows of the hits, in their order; one that went to the trash meanwhile is left out. */
async function readPhotos(db: CatalogDb, userId: string, hits: readonly Hit[]): Promise<PhotoRow[]> {
  const rows = await db.photo.findMany({
    where: { ...ownPhotos(userId), id: { in: hits.map(({ id }) => id) } },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return hits.flatMap(({ id }) => byId.get(id) ?? []);
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
  const hasMore = hits.length > query.limit;
  if (hasMore) hits.pop();
  const last = hits.at(-1);
  if (!last) return NOTHING;
  const rank = order === 'rank' ? { rank: last.rank } : {};
  return {
    photos: await viewPhotos(context, userId, await readPhotos(db, userId, hits)),
    cursor: encodePosition(query, { order, at: last.at.getTime(), id: last.id, ...rank }),
    hasMore,
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
