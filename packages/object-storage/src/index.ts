export { checkAttributes } from './attributes.js';
export { clampRange } from './byte-range.js';
export * from './errors.js';
export { createFilesystemStore, type FilesystemStoreOptions } from './filesystem/store.js';
export { checkKey, checkPrefix } from './keys.js';
export { hasLocalFiles, withLocalFile } from './local-copy.js';
export { checkAllParts, checkShape, partCount, partLength } from './parts.js';
export type * from './port.js';
