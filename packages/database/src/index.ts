export { IdempotencyKeyReusedError, type IdempotentRequest, once } from './idempotency.js';
export { MigrationError, migrate } from './migrations/migrate.js';
export { createOutboxRelay, type OutboxRelay, type RelayOptions } from './outbox/relay.js';
export { createUnitOfWork, type Emit, type UnitOfWork } from './outbox/unit-of-work.js';
export { type Database, type DatabaseOptions, openDatabase, openMigrated } from './pool.js';
export type { SqlRunner, TransactionOptions, TransactionRunner } from './sql.js';
