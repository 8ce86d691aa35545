export type { HeldLock } from './advisory-lock.js';
export type { StartOptions } from './cluster.js';
export {
  DataFolderInUseError,
  type PostgresErrorCode,
  PostgresStartError,
  PostgresStopError,
} from './errors.js';
export { type PostgresServer, startPostgres } from './server.js';
