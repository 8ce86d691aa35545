export { settingKeys } from './config.js';
export { migrationsPath } from './migrations-path.js';
export { localUpstream, type Upstream } from './routes.js';
export { createGatewayService, type GatewayDeps } from './service.js';
