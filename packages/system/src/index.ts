export { syncFolder, writeFileDurably } from './durable-file.js';
export { LockTimeoutError, withSocketLock } from './socket-lock.js';
