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
import { recordAlbum, recordAlbumTombstone, recordPhoto, recordPhotoTombstone } from './log.js';
import { createPrisma } from './prisma.js';
import { headCursor, readPage } from './read.js';

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
  const service = createServiceApp(chassis, { database, bus });
  service.mount(endpoints.getFeed, ({ principal, query }) =>
    readPage(db, mediaUrls.urlFor, principal.userId, query),
  );
  service.mount(internalEndpoints.headCursor, async ({ params }) => ({
    cursor: await headCursor(db, params.userId),
  }));

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: { headCursor: (userId) => headCursor(db, userId) },
    start: async () => {
      const options = { concurrency: 2, around: withEvent(chassis.logger) };
      await bus.consume(
        'feed.photo',
        {
          'photo.changed': ({ payload }) => recordPhoto(db, payload),
          'photo.trashed': ({ payload }) => recordPhotoTombstone(db, payload, false),
          'photo.purged': ({ payload }) => recordPhotoTombstone(db, payload, true),
        },
        options,
      );
      await bus.consume(
        'feed.album',
        {
          'album.changed': ({ payload }) => recordAlbum(db, payload),
          'album.deleted': ({ payload }) => recordAlbumTombstone(db, payload),
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
