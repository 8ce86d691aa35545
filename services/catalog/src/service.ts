import {
  type AccountsApi,
  type CatalogApi,
  type CopiesApi,
  endpoints,
  type FeedApi,
  type SharesApi,
} from '@lazyphotos/contracts';
import { type Database, openOutbox } from '@lazyphotos/database';
import type { EventBus } from '@lazyphotos/messaging';
import { argon2Hasher, createPasswords } from '@lazyphotos/passwords';
import {
  type Chassis,
  createPeriodic,
  createServiceApp,
  type MediaUrls,
  type Service,
  type ShareSigning,
  withEvent,
} from '@lazyphotos/service-kit';
import { createAlbums } from './albums/albums.js';
import { createAlbumItems } from './albums/items.js';
import { mountAlbumRoutes } from './albums/routes.js';
import type { CatalogSettings } from './config.js';
import { createDescribeImported } from './imports/describe.js';
import { createCatalogApi, mountInternalRoutes } from './internal-api.js';
import { createApplyMedia } from './media/apply.js';
import { createEditPhotos } from './metadata/edit.js';
import { createSetPlace } from './metadata/place.js';
import { mountMetadataRoutes } from './metadata/routes.js';
import { createCatalogMetrics } from './metrics.js';
import { createListPhotos } from './photos/list.js';
import { mountPhotoRoutes } from './photos/routes.js';
import { createViewPhotos } from './photos/view.js';
import { type CatalogTx, createPrisma } from './prisma.js';
import { createSearchFill } from './search/fill.js';
import { createSearchMetrics } from './search/metrics.js';
import { createSearch } from './search/search.js';
import { createShareLinks } from './shares/links.js';
import { mountShareRoutes } from './shares/routes.js';
import { createShareViews } from './shares/view.js';
import { createEmptying } from './trash/emptying.js';
import { createRetention } from './trash/retention.js';
import { mountTrashRoutes } from './trash/routes.js';
import { createTransitions } from './trash/transitions.js';
import { createRecordUpload } from './uploads/record.js';

export interface CatalogServiceDeps {
  chassis: Chassis;
  database: Database;
  bus: EventBus;
  feed: FeedApi;
  copies: CopiesApi;
  accounts: AccountsApi;
  mediaUrls: MediaUrls;
  shareSigning: ShareSigning;
  settings: CatalogSettings;
  now?: () => Date;
}

export interface CatalogService extends Service {
  api: CatalogApi;
  shares: SharesApi;
  /** Purges now what has been in the trash for too long. Resolves to the number of photos. */
  purgeTrash(): Promise<number>;
}

const RETENTION_INTERVAL_MS = 3_600_000;
/** A request to empty the trash is carried out at once; this is for what an earlier process has left, and for what failed. */
const EMPTYING_INTERVAL_MS = 60_000;
/** In one process the auth service takes two of libuv's four threads for accounts. One has to stay free for files. */
const PASSWORD_BOUNDS = { running: 1, waiting: 100 };

/** What is there: photos and albums. */
export function createCatalogService(deps: CatalogServiceDeps): CatalogService {
  const { chassis, database, bus, feed, mediaUrls, settings, now = () => new Date() } = deps;
  const { accounts, copies, shareSigning: signing } = deps;
  const { logger } = chassis;
  const db = createPrisma(database);
  const { relay, unitOfWork } = openOutbox<CatalogTx>(db, { chassis, database, bus });
  const metrics = createCatalogMetrics(chassis.metrics);
  const transitions = createTransitions({ db, unitOfWork, now, metrics });
  const recordUpload = createRecordUpload(unitOfWork);
  const applyMedia = createApplyMedia(unitOfWork, now);
  const setPlace = createSetPlace(unitOfWork, now);
  const defaultDays = settings.trashDays;
  const searchMetrics = createSearchMetrics(chassis.metrics);
  const searchFill = createSearchFill({ db, logger, metrics: searchMetrics });
  const retention = createRetention({ db, transitions, defaultDays, now, logger });
  const emptying = createEmptying({ db, transitions, now, logger });
  const purges = createPeriodic('trash retention', RETENTION_INTERVAL_MS, retention.purgeExpired, logger);
  const emptyings = createPeriodic('emptying the trash', EMPTYING_INTERVAL_MS, emptying.carryOut, logger);
  const items = createAlbumItems(unitOfWork, now);
  const albums = createAlbums(unitOfWork, items, now);
  const describeImported = createDescribeImported({ db, unitOfWork, albums, items, now, metrics });
  const api = createCatalogApi({ db, transitions, recordUpload, describeImported });

  const service = createServiceApp(chassis, { database, bus });
  const viewPhotos = createViewPhotos({ mediaUrl: mediaUrls.urlFor, trashDaysOf: retention.daysOf });
  const listPhotos = createListPhotos({ db, feed, viewPhotos, logger });
  const editPhotos = createEditPhotos({ db, unitOfWork, now, metrics });
  mountPhotoRoutes(service, { db, transitions, mediaUrls, copies, listPhotos, viewPhotos });
  mountMetadataRoutes(service, { editPhotos, viewPhotos });
  mountTrashRoutes(service, {
    db,
    transitions,
    retention,
    emptying,
    defaultDays,
    onEmptying: emptyings.nudge,
  });
  const search = createSearch({ db, viewPhotos, metrics: searchMetrics });
  service.mount(endpoints.search, ({ principal, query }) => search(principal.userId, query));
  mountAlbumRoutes(service, { db, mediaUrls, viewPhotos, albums, items });
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
    purgeTrash: () => retention.purgeExpired(),
    start: async () => {
      relay.start();
      const options = { concurrency: 2, around: withEvent(logger) };
      await bus.consume(
        'catalog.upload',
        { 'upload.completed': ({ payload }) => recordUpload(payload) },
        options,
      );
      await bus.consume(
        'catalog.media',
        {
          'media.processed': ({ payload }) => applyMedia(payload),
          'place.found': ({ payload }) => setPlace(payload),
        },
        options,
      );
      purges.start();
      emptyings.start();
      searchFill.start();
    },
    stop: async () => {
      await bus.drain();
      await Promise.all([purges.stop(), emptyings.stop(), searchFill.stop()]);
      await relay.stop();
      await db.$disconnect();
    },
  };
}
