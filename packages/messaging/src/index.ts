export { type DeadLetterAction, deadLetterActions, isDeadLetterAction } from './dead-letter-report.js';
export { inBatches } from './in-batches.js';
export { openBus } from './open.js';
export { createPgBossBus, type PgBossBusOptions } from './pg-boss/adapter.js';
export * from './port.js';
export { createRabbitMqBus } from './rabbitmq/adapter.js';
export { type BusRights, rightsOf } from './rabbitmq/rights.js';
