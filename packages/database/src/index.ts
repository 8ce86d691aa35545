export { IdempotencyKeyReusedError, type IdempotentRequest, once } from './idempotency.js';
export { type MigrateOptions, MigrationError, migrate } from './migrations/migrate.js';
export { DatabaseNotReadyError, openMigrated, openWhenMigrated } from './open-migrated.js';
export { createOutboxRelay, type OutboxRelay, type RelayOptions } from './outbox/relay.js';
export { createUnitOfWork, type Emit, type UnitOfWork } from './outbox/unit-of-work.js';
export { type Patience, patiently, reasonOf } from './patience.js';
export { type Database, type DatabaseOptions, openDatabase, transactionOptions } from './pool.js';
export type { SqlRunner, TransactionOptions, TransactionRunner } from './sql.js';
