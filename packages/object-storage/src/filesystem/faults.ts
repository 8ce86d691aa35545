import { ObjectStoreError, StorageFullError, StorageUnavailableError } from '../errors.js';

/** Not by `instanceof`: an error may come from another realm, as those of Node do in a test runner's. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** ENOTDIR too: below a plain file there is nothing either. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** Runs file system work and turns what goes wrong into the port's errors. Never wrap the caller's own stream in it. */
export async function storing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(what, error);
  }
}

function translate(what: string, error: unknown): unknown {
  const errno = errnoOf(error);
  // A RangeError or TypeError of ours or Node's is a programmer's mistake, no fault of the disk.
  if (error instanceof ObjectStoreError || errno === undefined || errno.startsWith('ERR_')) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new StorageFullError(`no room to ${what}`, { cause: error });
  return new StorageUnavailableError(`could not ${what}: ${errno}`, { cause: error });
}

/**
 * Waits for every promise before it throws the first failure, so that no work goes on behind the caller's clean-up
 * (a descriptor closed under a running fsync may by then be another file's).
 */
export async function everything(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
