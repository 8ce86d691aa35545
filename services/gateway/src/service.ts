import type { CopiesApi, NodeApi, SharesApi } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { hasPresignedUrls, type ObjectStore, type PresignedUrls } from '@lazyphotos/object-storage';
import {
  type Chassis,
  createServiceApp,
  type MediaUrls,
  type Service,
  type Settings,
  SettingsError,
  type ShareSigning,
} from '@lazyphotos/service-kit';
import helmet from 'helmet';
import { createIsClaimed, createRequireClaimed } from './claimed.js';
import type { settingKeys } from './config.js';
import { mountDocs } from './docs/routes.js';
import { mountHome } from './home/routes.js';
import { createLimits } from './limits/limiter.js';
import { mountMedia } from './media/deliver.js';
import { mountRoutes, type RoutedService } from './routes.js';
import { mountShares } from './shares/routes.js';
import { ARCHIVE_STALL_MS } from './shares/stalled-reader.js';
import type { Upstream } from './upstreams/upstream.js';

export interface GatewayDeps {
  chassis: Chassis;
  database: Database;
  store: ObjectStore;
  mediaUrls: MediaUrls;
  shareSigning: ShareSigning;
  node: NodeApi;
  shares: SharesApi;
  copies: CopiesApi;
  upstreams: Readonly<Record<RoutedService, Upstream>>;
  /** Further services that must be ready for the node to be so. */
  alsoReady?: Readonly<Record<string, () => Promise<unknown>>>;
  settings: Settings<(typeof settingKeys)[number]>;
  now?: () => Date;
  /** How long a client of an archive may take no byte, in milliseconds; a minute if absent. */
  archiveStallMs?: number;
}

/** What signs URLs of the store, if pictures are to come from there. @throws SettingsError when the store cannot */
function presignedUrlsOf(store: ObjectStore, delivery: 'proxy' | 'presigned'): PresignedUrls | undefined {
  if (delivery === 'proxy') return undefined;
  if (hasPresignedUrls(store)) return store;
  throw new SettingsError([
    'MEDIA_DELIVERY=presigned needs S3 as the object store (S3_BUCKET, in containers): set it to proxy',
  ]);
}

/** The only public door. @throws SettingsError when settings do not fit the store */
export function createGatewayService(deps: GatewayDeps): Service {
  const { chassis, database, store, mediaUrls, node, upstreams, settings, now = () => new Date() } = deps;
  const readiness = Object.fromEntries(
    Object.entries(upstreams).map(([name, upstream]) => [name, () => upstream.ready()]),
  );
  const service = createServiceApp(chassis, {
    database: database.ready,
    store: store.ready,
    ...readiness,
    ...deps.alsoReady,
  });
  const { app, router } = service;
  if (settings.trustedProxies) app.set('trust proxy', settings.trustedProxies);

  // Nothing here may run scripts, be framed or sniffed; pages of ours say what they need (src/pages).
  router.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // TLS ends in front of us, if at all; a node at home on plain HTTP must stay reachable.
      strictTransportSecurity: false,
    }),
  );
  const isClaimed = createIsClaimed(node);
  mountHome(router, { version: chassis.version, isClaimed });
  mountDocs(router);
  mountMedia(router, {
    store,
    presigned: presignedUrlsOf(store, settings.mediaDelivery),
    mediaUrls,
    now,
  });
  const limits = createLimits({
    requestsPerMinute: settings.requestsPerMinute,
    signInAttempts: settings.signInAttempts,
    pool: database.pool,
  });
  mountShares(router, {
    store,
    shares: deps.shares,
    copies: deps.copies,
    signing: deps.shareSigning,
    limits,
    logger: chassis.logger,
    now,
    archiveStallMs: deps.archiveStallMs ?? ARCHIVE_STALL_MS,
  });
  mountRoutes(router, {
    upstreams,
    authenticate: chassis.authenticate,
    requireClaimed: createRequireClaimed(isClaimed),
    limits,
  });
  return {
    name: chassis.name,
    handler: app,
    ready: service.ready,
    start: async () => undefined,
    stop: async () => undefined,
  };
}
