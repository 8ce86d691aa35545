export { type DeadLetterAction, deadLetterActions, isDeadLetterAction } from './dead-letter-report.js';
export { BusUnavailableError, TopologyRefusedError } from './errors.js';
export { type BusOptions, openBus } from './open.js';
export { createPgBossBus, type PgBossBusOptions } from './pg-boss/adapter.js';
export * from './port.js';
export { createRabbitMqBus, type RabbitMqBusOptions } from './rabbitmq/adapter.js';
