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

  const service = createServiceApp(chassis, { database: database.ready, bus: bus.ready });
  service.mount(endpoints.getFeed, ({ principal, query }) =>
    readPage(principal.userId, query.cursor, query.limit),
  );
  service.mount(internalEndpoints.headCursor, async ({ params }) => ({
    cursor: await positions.headCursor(params.userId),
  }));

  const onPhoto = withEvent(chassis.logger, async (event) => {
    if (event.type === 'photo.changed') await photoLog.changed(event.payload);
    if (event.type === 'photo.trashed') await photoLog.trashed(event.payload);
    if (event.type === 'photo.purged') await photoLog.purged(event.payload);
  });
  const onAlbum = withEvent(chassis.logger, async (event) => {
    if (event.type === 'album.changed') await albumLog.changed(event.payload);
    if (event.type === 'album.deleted') await albumLog.deleted(event.payload);
  });
  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: { headCursor: positions.headCursor },
    start: async () => {
      await bus.consume('feed.photo', onPhoto, { concurrency: 2 });
      await bus.consume('feed.album', onAlbum, { concurrency: 2 });
    },
    stop: async () => {
      await bus.drain();
      await db.$disconnect();
    },
  };
}
