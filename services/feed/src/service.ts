import { endpoints, type FeedApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import {
  type Chassis,
  createServiceApp,
  type MediaUrls,
  type Service,
  withEvent,
} from '@lazyphotos/service-kit';
import { createAlbumLog } from './log/albums.js';
import { createPhotoLog } from './log/photos.js';
import { createPrisma } from './prisma.js';
import { createEpoch } from './read/epoch.js';
import { createReadPage } from './read/page.js';
import { createPositions } from './read/position.js';

export interface FeedServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  mediaUrls: MediaUrls;
}

export interface FeedService extends Service {
  api: FeedApi;
}

/** What changed: one ordered log per user, served by cursor. */
export function createFeedService({ chassis, database, bus, mediaUrls }: FeedServiceDeps): FeedService {
  const db = createPrisma(database);
  const positions = createPositions(db, createEpoch(db));
  const readPage = createReadPage(db, positions, mediaUrls.urlFor);
  const photoLog = createPhotoLog(db);
  const albumLog = createAlbumLog(db);

  const service = createServiceApp(chassis, { database, bus });
  service.mount(endpoints.getFeed, ({ principal, query }) =>
    readPage(principal.userId, query.cursor, query.limit),
  );
  service.mount(internalEndpoints.headCursor, async ({ params }) => ({
    cursor: await positions.headCursor(params.userId),
  }));

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: { headCursor: positions.headCursor },
    start: async () => {
      const options = { concurrency: 2, around: withEvent(chassis.logger) };
      await bus.consume(
        'feed.photo',
        {
          'photo.changed': ({ payload }) => photoLog.changed(payload),
          'photo.trashed': ({ payload }) => photoLog.trashed(payload),
          'photo.purged': ({ payload }) => photoLog.purged(payload),
        },
        options,
      );
      await bus.consume(
        'feed.album',
        {
          'album.changed': ({ payload }) => albumLog.changed(payload),
          'album.deleted': ({ payload }) => albumLog.deleted(payload),
        },
        options,
      );
    },
    stop: async () => {
      await bus.drain();
      await db.$disconnect();
    },
  };
}
