import type { endpoints, FeedApi, QueryOf } from '@lazyphotos/contracts';
import { describeError, type Logger } from '@lazyphotos/service-kit';
import { requireAlbum } from '../albums/record.js';
import type { CatalogDb } from '../prisma.js';
import { decodePageCursor, readPhotoPage } from './page.js';
import type { ViewPhotos } from './view.js';

type Query = QueryOf<typeof endpoints.listPhotos>;

export interface ListPhotosDeps {
  db: CatalogDb;
  feed: FeedApi;
  viewPhotos: ViewPhotos;
  logger: Logger;
}

export function createListPhotos({ db, feed, viewPhotos, logger }: ListPhotosDeps) {
  /** Without the feed the list still works; the client then reads the feed from its beginning. */
  const feedPosition = (userId: string): Promise<string | undefined> =>
    feed.headCursor(userId).catch((error: unknown) => {
      logger.warn('a list goes out without feedCursor', { error: describeError(error) });
      return undefined;
    });

  return async (userId: string, query: Query) => {
    const { cursor, limit, ...filter } = query;
    if (filter.albumId !== undefined) await requireAlbum(db, userId, filter.albumId);
    const from = decodePageCursor(cursor, filter.sort);
    // Taken before the first page is read: what changes from here on comes through the feed.
    const position = from ? from.feed : await feedPosition(userId);
    const page = await readPhotoPage(db, { userId, ...filter }, limit, from, position);
    return {
      photos: await viewPhotos(userId, page.rows),
      cursor: page.cursor,
      hasMore: page.hasMore,
      ...(page.hasMore || position === undefined ? {} : { feedCursor: position }),
    };
  };
}
