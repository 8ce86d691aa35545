export {
  BULK_TRANSACTION_OPTIONS,
  type Database,
  DatabaseNotReadyError,
  type DatabaseOptions,
  openDatabase,
  openMigrated,
  openWhenMigrated,
  type SqlRunner,
  TRANSACTION_OPTIONS,
  type TransactionRunner,
} from './database.js';
export { DatabaseError, isUniqueViolation, retryOnConflict, translateDatabaseError } from './errors.js';
export { IdempotencyKeyReusedError, type IdempotentRequest, once } from './idempotency.js';
export {
  type MigrateOptions,
  MigrationChangedError,
  MigrationError,
  migrate,
  readMigrations,
} from './migrations.js';
export {
  createUnitOfWork,
  type Emit,
  type NewEvent,
  type Outbox,
  type OutboxDeps,
  openOutbox,
  outboxRows,
  type UnitOfWork,
} from './outbox/outbox.js';
export { OutboxRelay, type RelayOptions } from './outbox/relay.js';
export { type RetryOptions, reasonOf, retryUntilReady } from './retry.js';
export { databaseSettings, postgresUrl } from './settings.js';
export { run, type Statement, statement } from './statements.js';
