import { type CatalogApi, endpoints, type FeedApi } from '@lazyphotos/contracts';
import { createOutboxRelay, createUnitOfWork, type Database } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import {
  type Chassis,
  createPeriodic,
  createServiceApp,
  currentRequestId,
  type MediaUrls,
  relayObserver,
  type Service,
  type Settings,
  withEvent,
} from '@lazyphotos/service-kit';
import { createAlbums } from './albums/albums.js';
import { createAlbumItems } from './albums/items.js';
import { mountAlbumRoutes } from './albums/routes.js';
import type { settingKeys } from './config.js';
import { createCatalogApi, mountInternalRoutes } from './internal-api.js';
import { createApplyMedia } from './media/apply.js';
import { createListPhotos } from './photos/list.js';
import { mountPhotoRoutes } from './photos/routes.js';
import { type CatalogTx, createPrisma } from './prisma.js';
import { createSearchFill } from './search/fill.js';
import { createSearchMetrics } from './search/metrics.js';
import { createSearch } from './search/search.js';
import { createRetention } from './trash/retention.js';
import { createTransitions } from './trash/transitions.js';
import { createRecordUpload } from './uploads/record.js';

export interface CatalogServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  feed: FeedApi;
  mediaUrls: MediaUrls;
  settings: Settings<(typeof settingKeys)[number]>;
  now?: () => Date;
}

export interface CatalogService extends Service {
  api: CatalogApi;
  /** Purges now what has been in the trash for too long; answers how many photos. */
  purgeTrash(): Promise<number>;
}

const RETENTION_INTERVAL_MS = 3_600_000;

/** What is there: photos and albums. */
export function createCatalogService(deps: CatalogServiceDeps): CatalogService {
  const { chassis, database, bus, feed, mediaUrls, settings, now = () => new Date() } = deps;
  const { logger } = chassis;
  const db = createPrisma(database);
  const relay = createOutboxRelay({
    pool: database.pool,
    publish: (events) => bus.publish(events),
    ...relayObserver(chassis),
  });
  const unitOfWork = createUnitOfWork<CatalogTx>(db, {
    nudge: () => relay.nudge(),
    requestId: currentRequestId,
  });
  const transitions = createTransitions(unitOfWork, now);
  const recordUpload = createRecordUpload(unitOfWork);
  const applyMedia = createApplyMedia(unitOfWork, now);
  const purgeTrash = createRetention({ db, transitions, trashDays: settings.trashDays, now, logger });
  const retention = createPeriodic('trash retention', RETENTION_INTERVAL_MS, purgeTrash, logger);
  const searchMetrics = createSearchMetrics(chassis.metrics);
  const searchFill = createSearchFill({ db, logger, metrics: searchMetrics });
  const api = createCatalogApi({ db, transitions, recordUpload });

  const service = createServiceApp(chassis, { database: database.ready, bus: bus.ready });
  const listPhotos = createListPhotos({ db, feed, mediaUrl: mediaUrls.urlFor, logger });
  mountPhotoRoutes(service, { db, transitions, mediaUrls, listPhotos });
  const search = createSearch({ db, mediaUrl: mediaUrls.urlFor, metrics: searchMetrics });
  service.mount(endpoints.search, ({ principal, query }) => search(principal.userId, query));
  const items = createAlbumItems(unitOfWork, now);
  mountAlbumRoutes(service, { db, mediaUrls, albums: createAlbums(unitOfWork, items, now), items });
  mountInternalRoutes(service, api);

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api,
    purgeTrash,
    start: async () => {
      relay.start();
      const onUpload = withEvent(logger, async (event) => {
        if (event.type === 'upload.completed') await recordUpload(event.payload);
      });
      const onMedia = withEvent(logger, async (event) => {
        if (event.type === 'media.processed') await applyMedia(event.payload);
      });
      await bus.consume('catalog.upload', onUpload, { concurrency: 2 });
      await bus.consume('catalog.media', onMedia, { concurrency: 2 });
      retention.start();
      searchFill.start();
    },
    stop: async () => {
      await bus.drain();
      await retention.stop();
      await searchFill.stop();
      await relay.stop();
      await db.$disconnect();
    },
  };
}
