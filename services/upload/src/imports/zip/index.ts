export { ArchiveError, EntryError } from './errors.js';
export type { ArchivedFile } from './inspect.js';
export { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './limits.js';
export { isArchive, listArchive } from './list.js';
export { openEntry } from './open.js';
export { type ArchiveSource, localArchive, storedArchive } from './source.js';
