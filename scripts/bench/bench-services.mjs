// A catalog or a feed by itself for the benchmarks that ask it over HTTP.
import {
  createAuthenticate,
  createMediaUrls,
  createMetrics,
  createShareSigning,
  silentLogger,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '../../packages/service-kit/dist/index.js';
import { createTokenIssuer, listen } from '../../packages/testkit/dist/index.js';
import { createCatalogService } from '../../services/catalog/dist/index.js';
import { createFeedService } from '../../services/feed/dist/index.js';

const signingKey = 'a signing key for benchmarks';
const baseUrl = 'http://localhost';

const idleBus = {
  consume: async () => {},
  publish: async () => {},
  drain: async () => {},
  ready: async () => {},
};

const chassisOf = (name, issuer) => ({
  name,
  version: '0',
  logger: silentLogger,
  metrics: createMetrics(),
  authenticate: createAuthenticate(issuer.keySet),
  validateAnswers: false,
});

async function serve(createService) {
  const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
  const service = createService(issuer);
  await service.start();
  const server = await listen(service.handler);
  return {
    url: server.url,
    tokenFor: issuer.tokenFor,
    stop: async () => {
      await server.close();
      await service.stop();
    },
  };
}

/** Starts a feed on a migrated database. Nothing changes meanwhile. */
export const startFeed = (database) =>
  serve((issuer) =>
    createFeedService({
      chassis: chassisOf('feed', issuer),
      database,
      bus: idleBus,
      mediaUrls: createMediaUrls({ signingKey, baseUrl, lifetimeSeconds: 3600 }),
    }),
  );

/** Starts a catalog on a migrated database. Nothing is uploaded, copied or shared meanwhile. */
export const startCatalog = (database) =>
  serve((issuer) =>
    createCatalogService({
      chassis: chassisOf('catalog', issuer),
      database,
      bus: idleBus,
      feed: { headCursor: async () => '' },
      copies: { makeCopy: async ({ storageKey }) => ({ key: storageKey }) },
      accounts: { displayName: async () => undefined },
      mediaUrls: createMediaUrls({ signingKey, baseUrl, lifetimeSeconds: 3600 }),
      shareSigning: createShareSigning({
        signingKey,
        publicUrl: baseUrl,
        mediaBaseUrl: baseUrl,
        lifetimeSeconds: 900,
        now: Date.now,
      }),
      settings: { trashDays: 30 },
    }),
  );
