import type { Photo } from '@lazyphotos/contracts';
import { notFound } from '@lazyphotos/service-kit';
import type { ViewPhotos } from '../photos/view.js';
import type { CatalogDb, PhotoRow } from '../prisma.js';
import { ownPhotos } from '../visibility.js';
import type { SearchQuery } from './conditions.js';
import { decodePosition, encodePosition } from './cursor.js';
import type { SearchMetrics } from './metrics.js';
import { NothingToFind, type WordQuery, wordQueryOf } from './query.js';
import { type Hit, type Hits, LIMITS, type Limits, readHits } from './read.js';

export interface SearchDeps {
  db: CatalogDb;
  viewPhotos: ViewPhotos;
  metrics: Pick<SearchMetrics, 'duration'>;
  limits?: Limits;
}

export interface SearchPage {
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

/** What a search is measured as: by what selects the photos. Nothing of what was searched for. */
const kindOf = (query: SearchQuery): string => {
  const place = query.near !== undefined || query.bbox !== undefined;
  const words = query.q !== undefined || query.tag !== undefined || query.camera !== undefined;
  if (words) return place ? 'words_place' : 'words';
  return place ? 'place' : 'filters';
};

export function createSearch({ db, viewPhotos, metrics, limits = LIMITS }: SearchDeps) {
  /** The rows of the hits, in their order; one that went to the trash meanwhile is left out. */
  const readPhotos = async (userId: string, hits: readonly Hit[]): Promise<PhotoRow[]> => {
    const rows = await db.photo.findMany({
      where: { ...ownPhotos(userId), id: { in: hits.map(({ id }) => id) } },
    });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return hits.flatMap(({ id }) => byId.get(id) ?? []);
  };

  const cursorOf = (query: SearchQuery, last: Hit, order: Hits['order']): string =>
    encodePosition(query, {
      order,
      at: last.at.getTime(),
      id: last.id,
      ...(order === 'rank' ? { rank: last.rank } : {}),
    });

  const run = async (userId: string, query: SearchQuery): Promise<SearchPage> => {
    const from = decodePosition(query);
    if (query.albumId !== undefined) {
      const album = await db.album.count({ where: { id: query.albumId, userId } });
      if (album === 0) throw notFound('album');
    }
    const words = wordsOrNothing(query);
    if (!words) return NOTHING;
    const take = query.limit + 1;
    const { hits, order } = await readHits(db, { userId, query, words, from, take, limits });
    const hasMore = hits.length > query.limit;
    if (hasMore) hits.pop();
    const last = hits.at(-1);
    if (!last) return NOTHING;
    const rows = await readPhotos(userId, hits);
    return {
      photos: await viewPhotos(userId, rows),
      cursor: cursorOf(query, last, order),
      hasMore,
    };
  };

  /**
   * Finds photos of a user outside the trash.
   * @throws ProblemError `invalid_cursor`, `invalid_request` (too many words), `not_found` (the album)
   */
  return async (userId: string, query: SearchQuery): Promise<SearchPage> => {
    const stop = metrics.duration.startTimer({ kind: kindOf(query) });
    try {
      return await run(userId, query);
    } finally {
      stop();
    }
  };
}
