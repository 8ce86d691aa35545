export type { Env } from './config.js';
export type { Io } from './context.js';
export { run } from './program.js';
