import {
  type AccountsApi,
  type CatalogApi,
  type CopiesApi,
  endpoints,
  type FeedApi,
  type SharesApi,
} from '@lazyphotos/contracts';
import { type Database, openOutbox, type UnitOfWork } from '@lazyphotos/database';
import { type EventBus, inBatches } from '@lazyphotos/messaging';
import { argon2Hasher, createPasswords } from '@lazyphotos/passwords';
import {
  type Chassis,
  createPeriodic,
  createRefusals,
  createServiceApp,
  type MediaUrls,
  type Service,
  type ServiceApp,
  type ShareSigning,
  withEvent,
} from '@lazyphotos/service-kit';
import { mountAlbumRoutes } from './albums/routes.js';
import type { CatalogSettings } from './config.js';
import type { CatalogContext } from './context.js';
import { createCatalogApi, mountInternalRoutes } from './internal-api.js';
import { applyMedia } from './media/apply.js';
import { setPlace } from './metadata/place.js';
import { mountMetadataRoutes } from './metadata/routes.js';
import { CatalogMetrics } from './metrics.js';
import { PageNames } from './photos/page-names.js';
import { mountPhotoRoutes } from './photos/routes.js';
import { type CatalogDb, type CatalogTx, createPrisma } from './prisma.js';
import { createSearchFill } from './search/fill.js';
import { searchPhotos } from './search/search.js';
import { createSharesApi, mountShareRoutes } from './shares/routes.js';
import { emptyTrash, purgeExpired } from './trash/retention.js';
import { mountTrashRoutes } from './trash/routes.js';
import { recordUploads } from './uploads/record.js';

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

/** Events that one call of a handler takes. */
const BATCH = 100;
const RETENTION_INTERVAL_MS = 3_600_000;
/** A request to empty the trash is carried out at once; the interval is for those of an earlier process, and for failed ones. */
const EMPTYING_INTERVAL_MS = 60_000;
/** In one process the auth service takes two of libuv's four threads for accounts. One has to stay free for files. */
const PASSWORD_BOUNDS = { running: 1, waiting: 100 };

/** The library: photos, albums, the trash and share links. */
export function createCatalogService(deps: CatalogServiceDeps): CatalogService {
  const { chassis, database, bus } = deps;
  const { logger } = chassis;
  const db = createPrisma(database);
  const { relay, unitOfWork } = openOutbox<CatalogTx>(db, { chassis, database, bus });
  const context = createContext(deps, db, unitOfWork);
  const searchFill = createSearchFill(context);
  const purge = (signal?: AbortSignal) => purgeExpired(context, signal);
  const retentionJob = createPeriodic('trash retention', RETENTION_INTERVAL_MS, purge, logger);
  const empty = (signal: AbortSignal) => emptyTrash(context, signal);
  const emptyTrashJob = createPeriodic('emptying the trash', EMPTYING_INTERVAL_MS, empty, logger);
  const api = createCatalogApi(context);

  const service = createServiceApp(chassis, { database, bus });
  mountAll(service, context, api, emptyTrashJob.nudge);
  return {
    name: chassis.name,
    handler: service.app,
    ready: service.ready,
    api,
    shares: createSharesApi(context),
    purgeTrash: () => purge(),
    start: async () => {
      relay.start();
      // What comes while a batch is written is the next batch.
      const options = { concurrency: 1, around: withEvent(logger), isOutage: service.isOutage };
      await bus.consume(
        'catalog.upload',
        {
          'upload.completed': inBatches(BATCH, (events) => recordUploads(context, events)),
        },
        options,
      );
      await bus.consume(
        'catalog.media',
        {
          'media.processed': inBatches(BATCH, (events) => applyMedia(context, events)),
          'place.found': ({ payload }) => setPlace(context, payload),
        },
        options,
      );
      retentionJob.start();
      emptyTrashJob.start();
      searchFill.start();
    },
    stop: async () => {
      await bus.drain();
      await Promise.all([retentionJob.stop(), emptyTrashJob.stop(), searchFill.stop()]);
      await relay.stop();
      await db.$disconnect();
    },
  };
}

function createContext(
  deps: CatalogServiceDeps,
  db: CatalogDb,
  unitOfWork: UnitOfWork<CatalogTx>,
): CatalogContext {
  const { chassis, feed, copies, accounts, mediaUrls, shareSigning, settings, now = () => new Date() } = deps;
  return {
    database: deps.database,
    pageNames: new PageNames(),
    db,
    unitOfWork,
    metrics: new CatalogMetrics(chassis.metrics),
    refuse: createRefusals(chassis),
    logger: chassis.logger,
    now,
    feed,
    copies,
    accounts,
    mediaUrls,
    passwords: createPasswords(argon2Hasher, PASSWORD_BOUNDS),
    shareSigning,
    defaultTrashDays: settings.trashDays,
  };
}

function mountAll(
  service: ServiceApp,
  context: CatalogContext,
  api: CatalogApi,
  onEmptying: () => void,
): void {
  mountPhotoRoutes(service, context);
  mountMetadataRoutes(service, context);
  mountTrashRoutes(service, context, onEmptying);
  service.mount(endpoints.search, ({ principal, query }) => searchPhotos(context, principal.userId, query));
  mountAlbumRoutes(service, context);
  mountInternalRoutes(service, api);
  mountShareRoutes(service, context);
}
