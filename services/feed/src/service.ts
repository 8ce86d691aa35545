import {
  type AnyEvent,
  endpoints,
  type FeedApi,
  internalEndpoints,
  MAX_FEED_PHOTO_IDS,
  MAX_PAGE_BYTES,
} from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { type EventBus, inBatches } from '@lazyphotos/messaging';
import {
  type Chassis,
  createRefusals,
  createServiceApp,
  type MediaUrls,
  type Service,
  withEvent,
} from '@lazyphotos/service-kit';
import { photoChange, photoTombstone, recordAlbums, recordAlbumTombstones, recordChanges } from './log.js';
import { createPrisma } from './prisma.js';
import type { Change, Foreign, PageLimits } from './queries.js';
import { headCursor, readPage } from './read.js';

export interface FeedServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  mediaUrls: MediaUrls;
  /** Those of the contract; tests have smaller ones. */
  pageLimits?: PageLimits;
}

export interface FeedService extends Service {
  api: FeedApi;
}

/** Events that one statement appends. */
const BATCH = 100;

/** What changed: one ordered log per user, served by cursor. */
export function createFeedService({
  chassis,
  database,
  bus,
  mediaUrls,
  pageLimits = { bytes: MAX_PAGE_BYTES, photoIds: MAX_FEED_PHOTO_IDS },
}: FeedServiceDeps): FeedService {
  const db = createPrisma(database);
  const service = createServiceApp(chassis, { database, bus });
  service.mount(endpoints.getFeed, ({ principal, query }) =>
    readPage({ database, mediaUrl: mediaUrls.urlForOnce, pageLimits }, principal.userId, query),
  );
  service.mount(internalEndpoints.headCursor, async ({ params }) => ({
    cursor: await headCursor(database, params.userId),
  }));

  const refuse = createRefusals(chassis);
  const refuseAll = ([event]: readonly AnyEvent[], foreign: readonly Foreign[]): void => {
    if (event) for (const ids of foreign) refuse(event.type, "it is in another user's log", { ...ids });
  };
  const recordPhotos = async <E extends AnyEvent>(events: readonly E[], changeOf: (event: E) => Change) =>
    refuseAll(events, await recordChanges(database, events.map(changeOf)));

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api: { headCursor: (userId) => headCursor(database, userId) },
    start: async () => {
      // What comes while a batch is written is the next batch.
      const options = { concurrency: 1, around: withEvent(chassis.logger), isOutage: service.isOutage };
      await bus.consume(
        'feed.photo',
        {
          'photo.changed': inBatches(BATCH, (events) =>
            recordPhotos(events, (event) => photoChange(event.payload)),
          ),
          'photo.trashed': inBatches(BATCH, (events) =>
            recordPhotos(events, (event) => photoTombstone(event.payload, false)),
          ),
          'photo.purged': inBatches(BATCH, (events) =>
            recordPhotos(events, (event) => photoTombstone(event.payload, true)),
          ),
        },
        options,
      );
      await bus.consume(
        'feed.album',
        {
          'album.changed': inBatches(BATCH, async (events) =>
            refuseAll(events, await recordAlbums(database, payloadsOf(events))),
          ),
          'album.deleted': inBatches(BATCH, async (events) =>
            refuseAll(events, await recordAlbumTombstones(database, db, payloadsOf(events))),
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

const payloadsOf = <P>(events: readonly { payload: P }[]): P[] => events.map(({ payload }) => payload);
