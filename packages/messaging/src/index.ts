export { createPgBossBus, type PgBossBusOptions } from './pg-boss/adapter.js';
export * from './port.js';
