export {
  createAuthenticate,
  remoteKeySet,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from './auth/authenticate.js';
export type { JsonWebKeySet, KeySetSource } from './auth/key-cache.js';
export { type Principal, principalOf } from './auth/principal.js';
export { readServiceIdentity, type ServiceIdentity } from './auth/service-identity.js';
export { SERVICE_TOKEN_HEADER } from './auth/service-token.js';
export { currentRequestId, placesForRequest, withRequestId } from './context.js';
export { createCursor } from './cursor.js';
export { isProblem, notFound, ProblemError, toProblem } from './errors.js';
export { busObserver, onIdleError, relayObserver, withEvent } from './events.js';
export { type ReadinessCheck, type ReadinessReport, readinessOf } from './health.js';
export { type Chassis, createServiceApp, type ServiceApp } from './http/app.js';
export { createCopiesClient } from './http/copies-client.js';
export { type KeyedRequest, keyedRequest } from './http/idempotency.js';
export { methodNotAllowed } from './http/methods.js';
export type { Call, Handler } from './http/mount.js';
export { createPeers, type Peers } from './http/peer.js';
export { createPeerGuard } from './http/peer-guard.js';
export { problemHandler, sendProblem } from './http/problems.js';
export { isConnectionFault, ReplicaAgent, type ReplicaAgentOptions } from './http/replica-agent.js';
export { setRoute } from './http/request-scope.js';
export { newId } from './ids.js';
export { createLogger, describeError, type Logger, type LoggerOptions, silentLogger } from './logger.js';
export { createMediaUrls, type MediaLocation, type MediaUrls, type SignedVariant } from './media-urls.js';
export { Counter, createMetrics, Gauge, Histogram, type Metrics, serveMetrics } from './metrics.js';
export { type ContainerContext, runContainer } from './runtime/container.js';
export { createHttpServer, type HttpServer, listen } from './runtime/http-server.js';
export { createStopList, runUntilStopped, type StopList } from './runtime/lifecycle.js';
export { createPeriodic, type Periodic } from './runtime/periodic.js';
export type { Service } from './runtime/service.js';
export {
  type Setting,
  type SettingKey,
  type Settings,
  settingsCatalog,
  storeSettingKeys,
} from './settings/catalog.js';
export { settingsDocument } from './settings/document.js';
export { type Environment, readSettings, SettingsError, withDotEnv } from './settings/read.js';
export type { ShareMedia } from './shares/media-handles.js';
export { type ShareProblemCode, shareProblem } from './shares/problems.js';
export {
  createShareSigning,
  type LinkForMedia,
  type ShareSigning,
  type ShareSigningOptions,
} from './shares/share-signing.js';
