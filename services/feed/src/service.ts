import { endpoints, type FeedApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { type EventBus, inBatches } from '@lazyphotos/messaging';
import {
  type Chassis,
  createServiceApp,
  type MediaUrls,
  type Service,
  withEvent,
} from '@lazyphotos/service-kit';
import { photoChange, photoTombstone, recordAlbums, recordAlbumTombstones, recordChanges } from './log.js';
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

/** Events that one statement appends. */
const BATCH = 100;

/** What changed: one ordered log per user, served by cursor. */
export function createFeedService({ chassis, database, bus, mediaUrls }: FeedServiceDeps): FeedService {
  const db = createPrisma(database);
  const service = createServiceApp(chassis, { database, bus });
  service.mount(endpoints.getFeed, ({ principal, query }) =>
    readPage(database, mediaUrls.urlFor, principal.userId, query),
  );
  service.mount(internalEndpoints.headCursor, async ({ params }) => ({
    cursor: await headCursor(database, params.userId),
  }));

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: { headCursor: (userId) => headCursor(database, userId) },
    start: async () => {
      // What comes while a batch is written is the next batch.
      const options = { concurrency: 1, around: withEvent(chassis.logger) };
      await bus.consume(
        'feed.photo',
        {
          'photo.changed': inBatches(BATCH, (events) =>
            recordChanges(
              database,
              events.map(({ payload }) => photoChange(payload)),
            ),
          ),
          'photo.trashed': inBatches(BATCH, (events) =>
            recordChanges(
              database,
              events.map(({ payload }) => photoTombstone(payload, false)),
            ),
          ),
          'photo.purged': inBatches(BATCH, (events) =>
            recordChanges(
              database,
              events.map(({ payload }) => photoTombstone(payload, true)),
            ),
          ),
        },
        options,
      );
      await bus.consume(
        'feed.album',
        {
          'album.changed': inBatches(BATCH, (events) =>
            recordAlbums(
              database,
              events.map(({ payload }) => payload),
            ),
          ),
          'album.deleted': inBatches(BATCH, (events) =>
            recordAlbumTombstones(
              database,
              db,
              events.map(({ payload }) => payload),
            ),
          ),
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
