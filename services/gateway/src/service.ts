import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { CopiesApi, NodeApi, PreviewsApi, SharesApi } from '@lazyphotos/contracts';
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
import { Limits } from './limits.js';
import { LostPreviewReporter } from './media/lost-preview-reporter.js';
import { memoryFirst } from './media/memory-first.js';
import { Pictures } from './media/pictures.js';
import { mountMedia } from './media/routes.js';
import { GatewayMetrics } from './metrics.js';
import { mountRoutes, type RoutedService, type Upstream } from './routes.js';
import { mountShares } from './shares/routes.js';
import { Traffic } from './traffic/traffic.js';

/** How long a client may take no byte of a picture or an archive. */
const STALL_MS = 60_000;

export interface GatewayDeps {
  chassis: Chassis;
  database: Database;
  store: ObjectStore;
  mediaUrls: MediaUrls;
  shareSigning: ShareSigning;
  node: NodeApi;
  shares: SharesApi;
  copies: CopiesApi;
  previews: PreviewsApi;
  upstreams: Readonly<Record<RoutedService, Upstream>>;
  /** Further services that must be ready for the node to be so. */
  alsoReady?: Dependencies;
  settings: GatewaySettings;
  now?: () => Date;
  /** Milliseconds of a clock that never goes back. */
  monotonicNow?: () => number;
  /** How long a client may take no byte of a picture or an archive, in milliseconds; a minute if absent. */
  stallMs?: number;
}

/** The only service that clients reach. @throws SettingsError if the settings do not fit the store */
export function createGatewayService(deps: GatewayDeps): Service {
  const { chassis, database, store, mediaUrls, upstreams, settings, now = () => new Date() } = deps;
  const { stallMs = STALL_MS } = deps;
  const service = createServiceApp(chassis, { database, store, ...upstreams, ...deps.alsoReady });
  const { app, router } = service;
  if (settings.trustedProxies) app.set('trust proxy', settings.trustedProxies);

  const securityHeaders = createSecurityHeaders();
  router.use((_req, res, next) => {
    for (const [name, value] of securityHeaders) res.setHeader(name, value);
    next();
  });
  const presigned = presignedUrlsOf(store, settings.mediaDelivery);
  const metrics = new GatewayMetrics(chassis.metrics);
  const traffic = new Traffic({ settings, metrics, logger: chassis.logger, upstreams });
  const pictures = openPictures(deps, metrics);
  const lostPreviewReporter = new LostPreviewReporter(deps.previews, chassis.logger);
  // First, since most requests are for pictures: each route before it is one more to compare.
  mountMedia(router, { pictures, presigned, mediaUrls, lostPreviewReporter, traffic, stallMs, now });
  const node = rememberClaimed(deps.node);
  mountHome(router, chassis.version, node);
  mountDocs(router);
  const limits = new Limits({ ...settings, pool: database.pool });
  mountShares(router, {
    store,
    pictures,
    shares: deps.shares,
    copies: deps.copies,
    lostPreviewReporter,
    signing: deps.shareSigning,
    limits,
    traffic,
    logger: chassis.logger,
    now,
    stallMs,
  });
  mountRoutes(router, { upstreams, authenticate: chassis.authenticate, node, limits, traffic });
  const sentFirst = { chassis, pictures, mediaUrls, now, headers: securityHeaders, application: app };
  return {
    name: chassis.name,
    // What a visitor of a share link has brought into memory is redirected to all the same.
    handler: presigned ? app : memoryFirst(sentFirst),
    ready: service.ready,
    start: async () => undefined,
    stop: async () => undefined,
  };
}

/**
 * By default a response may not run scripts, be framed or sniffed. Pages have their own policy (src/pages). No header depends on the
 * request, so they are made once: what helmet would set.
 */
function createSecurityHeaders(): [string, string][] {
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // TLS ends before the gateway, if it is used; a node at home on plain HTTP must stay reachable.
    strictTransportSecurity: false,
  });
  const req = new IncomingMessage(new Socket());
  const res = new HeaderRecorder(req);
  setHeaders(req, res, (error) => {
    if (error) throw error;
  });
  return res.recorded;
}

/** Keeps the names as they are written; a response has them in lower case only. */
class HeaderRecorder extends ServerResponse {
  readonly recorded: [string, string][] = [];
  override setHeader(name: string, value: number | string | readonly string[]): this {
    this.recorded.push([name, String(value)]);
    return this;
  }
}

function openPictures({ store, settings, monotonicNow }: GatewayDeps, metrics: GatewayMetrics): Pictures {
  const pictures = new Pictures({
    store,
    cacheBytes: settings.previewCacheBytes,
    monotonicNow: monotonicNow ?? (() => performance.now()),
    onLookup: metrics.previewLookups(),
  });
  metrics.watchPreviewCache(() => pictures.cachedBytes);
  return pictures;
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
