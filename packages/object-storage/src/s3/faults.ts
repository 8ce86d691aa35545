import {
  ObjectNotFoundError,
  ObjectStoreError,
  StorageFullError,
  StorageUnavailableError,
} from '../errors.js';

const MISSING = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);
/** MinIO: the disk, then a bucket's quota; others. */
const FULL = new Set([
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'QuotaExceeded',
  'InsufficientStorage',
]);
/** The last bytes of a disk: MinIO calls it an internal error, until it has noticed that the disk is full. */
const NO_SPACE = /no space left on device/i;

/** S3's name of what went wrong. Not by `instanceof`: an error may come from another realm or copy of the SDK. */
export function nameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('name' in error)) return undefined;
  return typeof error.name === 'string' ? error.name : undefined;
}

/** Runs requests and turns what goes wrong into the port's errors. Never let the caller's own stream fail in it. */
export async function storing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(what, error);
  }
}

/** Undefined when there is no such object, or upload. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

export function translate(what: string, cause: unknown): ObjectStoreError {
  if (cause instanceof ObjectStoreError) return cause;
  const name = nameOf(cause) ?? '';
  if (MISSING.has(name)) {
    const missing = name === 'NoSuchUpload' ? 'upload' : 'object';
    return new ObjectNotFoundError(`could not ${what}: there is no such ${missing}`, { cause });
  }
  const { message } = cause as { message?: string };
  if (FULL.has(name) || NO_SPACE.test(message ?? ''))
    return new StorageFullError(`no room to ${what}`, { cause });
  return new StorageUnavailableError(`could not ${what}: ${reasonOf(cause)}`, { cause });
}

/** Errors of S3 have names, those of Node codes; a server that listens on none of its addresses has no message. */
function reasonOf(cause: unknown): string {
  const { name, code, message } = cause as { name?: string; code?: unknown; message?: string };
  const kind = typeof code === 'string' ? code : name;
  return [kind, message].filter(Boolean).join(': ');
}
