import type { CopiesApi, NodeApi, SharesApi } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { hasPresignedUrls, type ObjectStore, type PresignedUrls } from '@lazyphotos/object-storage';
import {
  type Chassis,
  createServiceApp,
  type Dependencies,
  type MediaUrls,
  type Service,
  SettingsError,
  type ShareSigning,
} from '@lazyphotos/service-kit';
import helmet from 'helmet';
import type { GatewaySettings } from './config.js';
import { mountDocs } from './docs/routes.js';
import { mountHome } from './home.js';
import { createLimits } from './limits.js';
import { mountMedia } from './media/routes.js';
import { mountRoutes, type RoutedService, type Upstream } from './routes.js';
import { mountShares } from './shares/routes.js';

/** How long a client of an archive may take no byte. */
const ARCHIVE_STALL_MS = 60_000;

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
  alsoReady?: Dependencies;
  settings: GatewaySettings;
  now?: () => Date;
  /** How long a client of an archive may take no byte, in milliseconds; a minute if absent. */
  archiveStallMs?: number;
}

/** The only service that clients reach. @throws SettingsError if the settings do not fit the store */
export function createGatewayService(deps: GatewayDeps): Service {
  const { chassis, database, store, mediaUrls, upstreams, settings, now = () => new Date() } = deps;
  const service = createServiceApp(chassis, { database, store, ...upstreams, ...deps.alsoReady });
  const { app, router } = service;
  if (settings.trustedProxies) app.set('trust proxy', settings.trustedProxies);

  // By default a response may not run scripts, be framed or sniffed. Pages have their own policy (src/pages).
  router.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // TLS ends before the gateway, if it is used; a node at home on plain HTTP must stay reachable.
      strictTransportSecurity: false,
    }),
  );
  const node = rememberClaimed(deps.node);
  mountHome(router, chassis.version, node);
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
    node,
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

/** Returns the store if pictures are to come from there directly. @throws SettingsError when it cannot sign URLs */
function presignedUrlsOf(store: ObjectStore, delivery: 'proxy' | 'presigned'): PresignedUrls | undefined {
  if (delivery === 'proxy') return undefined;
  if (hasPresignedUrls(store)) return store;
  throw new SettingsError([
    'MEDIA_DELIVERY=presigned needs S3 as the object store (S3_BUCKET, in containers): set it to proxy',
  ]);
}

/** Asks the auth service until the node has an owner. It keeps that for as long as the process runs, since a node never loses its owner. */
function rememberClaimed(node: NodeApi): NodeApi {
  let claimed = false;
  return {
    isClaimed: async () => {
      claimed ||= await node.isClaimed();
      return claimed;
    },
  };
}
