export type { StartOptions } from './cluster.js';
export type { HeldLock } from './connection.js';
export {
  DataFolderInUseError,
  type PostgresErrorCode,
  PostgresStartError,
  PostgresStopError,
} from './errors.js';
export { type PostgresServer, startPostgres } from './server.js';
