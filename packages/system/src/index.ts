export { makeFolderDurably, syncFolder, writeFileDurably } from './durable-file.js';
export { withFolderLock } from './folder-lock.js';
export { KeyedLock } from './keyed-lock.js';
export { LockTimeoutError, withSocketLock } from './socket-lock.js';
