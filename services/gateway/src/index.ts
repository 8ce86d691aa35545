export { settingKeys } from './config.js';
export { migrationsPath } from './migrations-path.js';
export { createGatewayService, type GatewayDeps } from './service.js';
export { localUpstream, type Upstream } from './upstreams/upstream.js';
