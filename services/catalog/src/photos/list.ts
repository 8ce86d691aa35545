import type { endpoints, FeedApi, MediaUrlFor, QueryOf } from '@lazyphotos/contracts';
import { photoView } from '@lazyphotos/contracts';
import { describeError, type Logger, notFound } from '@lazyphotos/service-kit';
import { nearestInstant } from '../dates.js';
import type { CatalogDb, Prisma } from '../prisma.js';
import { ownPhotos } from '../visibility.js';
import { decodePageCursor, readPhotoPage } from './page.js';
import { photoRecordOf } from './record.js';

type Query = QueryOf<typeof endpoints.listPhotos>;

const conditions = (userId: string, query: Query): Prisma.PhotoWhereInput => ({
  ...ownPhotos(userId, { trashed: query.trashed === true }),
  ...(query.from || query.to
    ? {
        sortAt: {
          ...(query.from ? { gte: nearestInstant(query.from) } : {}),
          ...(query.to ? { lt: nearestInstant(query.to) } : {}),
        },
      }
    : {}),
  ...(query.albumId ? { albumItems: { some: { albumId: query.albumId } } } : {}),
  ...(query.tag === undefined ? {} : { tags: { has: query.tag } }),
  ...(query.favorite === undefined ? {} : { favorite: query.favorite }),
});

export interface ListPhotosDeps {
  db: CatalogDb;
  feed: FeedApi;
  mediaUrl: MediaUrlFor;
  logger: Logger;
}

export function createListPhotos({ db, feed, mediaUrl, logger }: ListPhotosDeps) {
  /** Without the feed the list still works; the client then reads the feed from its beginning. */
  const feedPosition = (userId: string): Promise<string | undefined> =>
    feed.headCursor(userId).catch((error: unknown) => {
      logger.warn('a list goes out without feedCursor', { error: describeError(error) });
      return undefined;
    });

  return async (userId: string, query: Query) => {
    if (query.albumId !== undefined) {
      const album = await db.album.count({ where: { id: query.albumId, userId } });
      if (album === 0) throw notFound('album');
    }
    const from = decodePageCursor(query.cursor);
    // Taken before the first page is read: what changes from here on comes through the feed.
    const position = from ? from.feed : await feedPosition(userId);
    const page = await readPhotoPage(db, conditions(userId, query), query.limit, from, position);
    return {
      photos: page.rows.map((row) => photoView(photoRecordOf(row), mediaUrl)),
      cursor: page.cursor,
      hasMore: page.hasMore,
      ...(page.hasMore || position === undefined ? {} : { feedCursor: position }),
    };
  };
}
