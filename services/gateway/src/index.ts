export { type GatewaySettings, gatewaySettings, migrationsPath } from './config.js';
export { localUpstream, type Upstream } from './routes.js';
export { createGatewayService, type GatewayDeps } from './service.js';
