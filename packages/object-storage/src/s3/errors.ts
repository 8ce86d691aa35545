import {
  ObjectNotFoundError,
  ObjectStoreError,
  StorageFullError,
  StorageUnavailableError,
} from '../errors.js';

const MISSING = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);
/** Of MinIO for the disk, of MinIO for a bucket's quota, and of other servers. */
const FULL = new Set([
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'QuotaExceeded',
  'InsufficientStorage',
]);
/** MinIO calls it an internal error until it has noticed that the disk is full. */
const NO_SPACE = /no space left on device/i;

const BUSY = new Set(['SlowDown', 'RequestTimeout']);

/** Returns S3's name of an error. Without `instanceof`: it may come from another realm or copy of the SDK. */
export function nameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('name' in error)) return undefined;
  return typeof error.name === 'string' ? error.name : undefined;
}

/** Sends requests and translates their errors into those of the port. The caller's stream must not fail in it. */
export async function translateErrors<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(what, error);
  }
}

/** Resolves to undefined when there is no such object or upload. */
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
  return new StorageUnavailableError(`could not ${what}: ${reasonOf(cause)}`, {
    cause,
    isRefusal: isRefusal(cause),
  });
}

/** Whether the server has answered that the request is wrong or not allowed, and neither that it is busy nor that the request took too long. */
function isRefusal(cause: unknown): boolean {
  const { $metadata } = cause as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  const isBusy = status === 408 || status === 429 || BUSY.has(nameOf(cause) ?? '');
  return status >= 400 && status < 500 && !isBusy;
}

/** S3's errors have names, Node's have codes; the error of a refused connection may have no message. */
function reasonOf(cause: unknown): string {
  const { name, code, message } = cause as { name?: string; code?: unknown; message?: string };
  const kind = typeof code === 'string' ? code : name;
  return [kind, message].filter(Boolean).join(': ');
}
