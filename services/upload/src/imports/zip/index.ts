export { ArchiveError, type ArchiveErrorCode, EntryError, type EntryErrorCode } from './errors.js';
export type { ArchivedFile, EntryProblem, EntryProblemCode } from './inspect.js';
export { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './limits.js';
export { isArchive, listArchive } from './list.js';
export { type EntryLocation, openEntry } from './open.js';
export { type ArchiveSource, localArchive, storedArchive } from './source.js';
