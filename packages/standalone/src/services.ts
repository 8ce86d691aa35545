import {
  migrationsPath as authMigrations,
  createAuthService,
  createFileClaimCodeStore,
  createFileKeyStore,
} from '@lazyphotos/auth';
import { migrationsPath as catalogMigrations, createCatalogService } from '@lazyphotos/catalog';
import { VERSION } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { createFeedService, migrationsPath as feedMigrations } from '@lazyphotos/feed';
import {
  createGatewayService,
  migrationsPath as gatewayMigrations,
  localUpstream,
} from '@lazyphotos/gateway';
import { createMediaWorkerService, migrationsPath as mediaMigrations } from '@lazyphotos/media-worker';
import type { EventBus } from '@lazyphotos/messaging';
import type { ObjectStore } from '@lazyphotos/object-storage';
import {
  type Chassis,
  createAuthenticate,
  createMediaUrls,
  createShareSigning,
  type Logger,
  type Metrics,
  type Service,
} from '@lazyphotos/service-kit';
import { createUploadService, migrationsPath as uploadMigrations } from '@lazyphotos/upload';
import type { DataFolder } from './data-folder.js';
import type { NodeSettings } from './settings.js';

export const migrations = {
  gateway: gatewayMigrations,
  auth: authMigrations,
  upload: uploadMigrations,
  catalog: catalogMigrations,
  feed: feedMigrations,
  'media-worker': mediaMigrations,
};

export interface ComposeDeps {
  settings: NodeSettings;
  publicUrl: string;
  folder: DataFolder;
  databases: Readonly<Record<keyof typeof migrations, Database>>;
  bus: EventBus;
  store: ObjectStore;
  signingKey: string;
  logger: Logger;
  metrics: Metrics;
}

/** Composes the six services; each gets what its container would open for it. */
export function composeServices(deps: ComposeDeps) {
  const { settings, publicUrl, folder, databases, bus, store, signingKey, logger, metrics } = deps;
  const mediaBaseUrl = settings.mediaBaseUrl ?? publicUrl;
  const mediaUrls = createMediaUrls({
    signingKey,
    baseUrl: mediaBaseUrl,
    lifetimeSeconds: settings.mediaUrlSeconds,
  });
  const shareSigning = createShareSigning({
    signingKey,
    publicUrl,
    mediaBaseUrl,
    lifetimeSeconds: settings.shareMediaSeconds,
  });
  const authenticate = createAuthenticate(() => auth.keySet());
  const chassis = (name: string): Chassis => ({
    name,
    version: VERSION,
    logger: logger.child({ service: name }),
    metrics,
    authenticate,
    validateAnswers: settings.validateAnswers,
  });

  const auth = createAuthService({
    chassis: chassis('auth'),
    database: databases.auth,
    settings,
    keys: createFileKeyStore(folder.keys),
    claimCode: createFileClaimCodeStore(folder.root),
  });
  const feed = createFeedService({ chassis: chassis('feed'), database: databases.feed, bus, mediaUrls });
  const mediaWorker = createMediaWorkerService({
    chassis: chassis('media-worker'),
    database: databases['media-worker'],
    bus,
    store,
    scratchDir: folder.scratch,
    settings,
  });
  const catalog = createCatalogService({
    chassis: chassis('catalog'),
    database: databases.catalog,
    bus,
    feed: feed.api,
    copies: mediaWorker.api,
    accounts: auth.api,
    mediaUrls,
    shareSigning,
    settings,
  });
  const upload = createUploadService({
    chassis: chassis('upload'),
    database: databases.upload,
    bus,
    store,
    catalog: catalog.api,
    publicUrl,
    settings,
  });
  const gateway = createGatewayService({
    chassis: chassis('gateway'),
    database: databases.gateway,
    store,
    mediaUrls,
    shareSigning,
    node: auth.api,
    shares: catalog.shares,
    copies: mediaWorker.api,
    upstreams: {
      auth: localUpstream(auth),
      upload: localUpstream(upload),
      catalog: localUpstream(catalog),
      feed: localUpstream(feed),
    },
    alsoReady: { 'media-worker': mediaWorker },
    settings,
  });
  const services: Service[] = [auth, feed, catalog, upload, mediaWorker, gateway];
  return { services, gateway, auth };
}
