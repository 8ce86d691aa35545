export { syncFolder, writeFileDurably } from './durable-file.js';
export { KeyedLock } from './keyed-lock.js';
export { LockTimeoutError, withSocketLock } from './socket-lock.js';
