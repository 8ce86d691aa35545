export {
  createAuthenticate,
  type Principal,
  remoteKeySet,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  userOf,
} from './auth/authenticate.js';
export type { JsonWebKeySet, KeySetSource } from './auth/key-cache.js';
export { readServiceIdentity, type ServiceIdentity } from './auth/service-identity.js';
export { createPeerGuard, SERVICE_TOKEN_HEADER } from './auth/service-tokens.js';
export * from './chassis-settings.js';
export { currentRequestId, newId, placesForRequest, withEvent, withRequestId } from './context.js';
export { createCursor } from './cursor.js';
export {
  errorChain,
  isProblem,
  isStorageFull,
  notFound,
  ProblemError,
  serviceUnavailable,
  toProblem,
} from './errors.js';
export type { Dependencies, Dependency } from './health.js';
export {
  type Chassis,
  createServiceApp,
  expressPathOf,
  methodNotAllowed,
  reportRequest,
  requestIdOf,
  type ServiceApp,
  setRoute,
} from './http/app.js';
export { type KeyedRequest, keyedRequest } from './http/idempotency.js';
export { type Call, type Handler, parseJsonBody } from './http/mount.js';
export { createCopiesClient, Peers } from './http/peers.js';
export { sendProblem } from './http/problems.js';
export { isConnectionFault, ReplicaAgent, type ReplicaAgentOptions } from './http/replica-agent.js';
export { type BodyLimits, hasBody } from './http/slow-bodies.js';
export { createHttpServer, type HttpServer, listen } from './http-server.js';
export { runUntilStopped, type Service, StopList } from './lifecycle.js';
export { createLogger, describeError, type Logger, silentLogger } from './logger.js';
export { createMediaUrls, type MediaLocation, type MediaUrls, type SignedVariant } from './media-urls.js';
export { Counter, createMetrics, Gauge, Histogram, type Metrics, serveMetrics } from './metrics.js';
export { newestFirst, type PageQuery, toPage } from './pages.js';
export { createPeriodic, type Periodic } from './periodic.js';
export { createRefusals, type RefuseEvent } from './refusals.js';
export * from './settings.js';
export type { ShareMedia } from './shares/media-handles.js';
export {
  createShareSigning,
  type LinkForMedia,
  type ShareSigning,
  shareProblem,
} from './shares/share-signing.js';
