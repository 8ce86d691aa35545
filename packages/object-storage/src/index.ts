export { DiskRoom, noRoom, type Room, reserveBytes } from './disk-room.js';
export * from './errors.js';
export {
  createFilesystemStore,
  type FilesystemStore,
  type FilesystemStoreOptions,
} from './filesystem/store.js';
export { removeOldCopies, withLocalFile } from './local-copy.js';
export { openStore } from './open.js';
export * from './port.js';
export { partCount, partIndexAt, partLength, type UploadShape } from './rules.js';
export type { S3StoreOptions, S3Timeouts } from './s3/client.js';
export { createS3Store } from './s3/store.js';
export type { StoreSettings } from './settings.js';
