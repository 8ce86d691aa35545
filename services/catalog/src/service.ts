import type { AccountsApi, CatalogApi, FeedApi, SharesApi } from '@lazyphotos/contracts';
import { createOutboxRelay, createUnitOfWork, type Database } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import { argon2Hasher, createPasswords } from '@lazyphotos/passwords';
import {
  type Chassis,
  createPeriodic,
  createServiceApp,
  currentRequestId,
  type MediaUrls,
  relayObserver,
  type Service,
  type Settings,
  type ShareSigning,
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
import { createShareLinks } from './shares/links.js';
import { mountShareRoutes } from './shares/routes.js';
import { createShareViews } from './shares/view.js';
import { createRetention } from './trash/retention.js';
import { createTransitions } from './trash/transitions.js';
import { createRecordUpload } from './uploads/record.js';

export interface CatalogServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  feed: FeedApi;
  accounts: AccountsApi;
  mediaUrls: MediaUrls;
  shareSigning: ShareSigning;
  settings: Settings<(typeof settingKeys)[number]>;
  now?: () => Date;
}

export interface CatalogService extends Service {
  api: CatalogApi;
  shares: SharesApi;
  /** Purges now what has been in the trash for too long; answers how many photos. */
  purgeTrash(): Promise<number>;
}

const RETENTION_INTERVAL_MS = 3_600_000;
/** In one process the auth service takes two of libuv's four threads for accounts. One has to stay free for files. */
const PASSWORD_BOUNDS = { running: 1, waiting: 100 };

/** What is there: photos and albums. */
export function createCatalogService(deps: CatalogServiceDeps): CatalogService {
  const { chassis, database, bus, feed, mediaUrls, settings, now = () => new Date() } = deps;
  const { accounts, shareSigning: signing } = deps;
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
  const api = createCatalogApi({ db, transitions, recordUpload });

  const service = createServiceApp(chassis, { database: database.ready, bus: bus.ready });
  const listPhotos = createListPhotos({ db, feed, mediaUrl: mediaUrls.urlFor, logger });
  mountPhotoRoutes(service, { db, transitions, mediaUrls, listPhotos });
  mountAlbumRoutes(service, {
    db,
    mediaUrls,
    albums: createAlbums(unitOfWork, now),
    items: createAlbumItems(unitOfWork, now),
  });
  mountInternalRoutes(service, api);
  const passwords = createPasswords(argon2Hasher, PASSWORD_BOUNDS);
  const shares = createShareViews({ db, passwords, signing, now });
  mountShareRoutes(service, createShareLinks({ db, unitOfWork, accounts, passwords, signing, now }), shares);

  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api,
    shares,
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
    },
    stop: async () => {
      await bus.drain();
      await retention.stop();
      await relay.stop();
      await db.$disconnect();
    },
  };
}
