import {
  type AuthService,
  createAuthService,
  createFileClaimCodeStore,
  createFileKeyStore,
} from '@lazyphotos/auth';
import { createCatalogService } from '@lazyphotos/catalog';
import { type ServiceName, VERSION } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { createFeedService } from '@lazyphotos/feed';
import { createGatewayService, localUpstream } from '@lazyphotos/gateway';
import { createMediaWorkerService } from '@lazyphotos/media-worker';
import type { EventBus } from '@lazyphotos/messaging';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { openMediaUrls, openShareSigning } from '@lazyphotos/runtime';
import {
  bodyLimitsOf,
  createAuthenticate,
  type Logger,
  type Metrics,
  type Service,
} from '@lazyphotos/service-kit';
import { createUploadService, type UploadService } from '@lazyphotos/upload';
import type { DataFolder } from './data-folder.js';
import type { NodeSettings } from './settings.js';

export interface ComposeDeps {
  settings: NodeSettings;
  publicUrl: string;
  folder: DataFolder;
  databases: Readonly<Record<ServiceName, Database>>;
  bus: EventBus;
  store: ObjectStore;
  mediaSigningKey: string;
  logger: Logger;
  metrics: Metrics;
}

export interface ComposedServices {
  /** All six, in the order in which they start. */
  services: readonly Service[];
  gateway: Service;
  auth: AuthService;
}

/** Composes the six services; each gets what its container would open for it, and calls the others as functions. */
export function composeServices(deps: ComposeDeps): ComposedServices {
  const { settings, publicUrl, folder, databases, bus, store, mediaSigningKey, logger, metrics } = deps;
  const mediaUrls = openMediaUrls({ ...settings, mediaSigningKey }, publicUrl);
  const shareSigning = openShareSigning({ ...settings, mediaSigningKey }, publicUrl);
  const authenticate = createAuthenticate(() => auth.keySet());
  const { validateAnswers } = settings;
  const needed = (name: ServiceName) => ({
    chassis: {
      name,
      version: VERSION,
      logger: logger.child({ service: name }),
      metrics,
      authenticate,
      validateAnswers,
      bodyLimits: bodyLimitsOf(settings),
    },
    database: databases[name],
    bus,
    store,
    mediaUrls,
    shareSigning,
    publicUrl,
    settings,
  });

  const auth: AuthService = createAuthService({
    ...needed('auth'),
    keys: createFileKeyStore(folder.keys),
    claimCode: createFileClaimCodeStore(folder.root),
  });
  const feed = createFeedService(needed('feed'));
  const mediaWorker = createMediaWorkerService({
    ...needed('media-worker'),
    scratchDir: folder.scratch,
    uploadsIdle: (signal, longestMs) => upload.waitUntilIdle(signal, longestMs),
  });
  const others = { feed: feed.api, copies: mediaWorker.api, accounts: auth.api };
  const catalog = createCatalogService({ ...needed('catalog'), ...others });
  const upload: UploadService = createUploadService({ ...needed('upload'), catalog: catalog.api });
  const gateway = createGatewayService({
    ...needed('gateway'),
    node: auth.api,
    shares: catalog.shares,
    copies: mediaWorker.api,
    previews: mediaWorker.api,
    upstreams: {
      auth: localUpstream(auth),
      upload: localUpstream(upload),
      catalog: localUpstream(catalog),
      feed: localUpstream(feed),
    },
    alsoReady: { 'media-worker': mediaWorker },
  });
  return { services: [auth, feed, catalog, upload, mediaWorker, gateway], gateway, auth };
}
