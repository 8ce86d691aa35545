import { type FileHandle, open } from 'node:fs/promises';
import { ObjectStoreError, StorageFullError, StorageUnavailableError } from '../errors.js';
import { batchesOf } from '../streams.js';

/** Bytes of one write: fewer trips to the thread pool than a write per network packet. */
const WRITE_BYTES = 256 * 1024;
/** Some file systems (exFAT, network shares) cannot sync a folder, and fail with one of these; they do not lose renames more often. */
const CANNOT_SYNC_FOLDERS = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Without `instanceof`: an error may come from another realm, as Node's do in a test runner. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** ENOTDIR too: there is nothing below a plain file. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** Resolves to undefined when the file that `work` needs does not exist. */
export async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Runs file system work and translates its errors into those of the port. The caller's stream must not be read in it. */
export async function translateErrors<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoOf(error);
    // A RangeError or TypeError of this code or of Node is a mistake in the code, not a fault of the disk.
    if (error instanceof ObjectStoreError || errno === undefined || errno.startsWith('ERR_')) throw error;
    if (errno === 'ENOSPC' || errno === 'EDQUOT')
      throw new StorageFullError(`no room to ${what}`, { cause: error });
    throw new StorageUnavailableError(`could not ${what}: ${errno}`, { cause: error });
  }
}

/**
 * Waits for all promises before it throws the first failure, so that no work continues during the caller's clean-up (while an fsync
 * runs, its descriptor must not be closed: it could then be another file's).
 */
export async function waitForAll(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

/** Creates a file, which must not exist yet, lets `fill` write it, and closes it in any case. */
export async function withNewFile<T>(file: string, fill: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, 'wx', 0o600);
  try {
    return await fill(handle);
  } finally {
    await handle.close();
  }
}

/** Creates a file. `synced`: its content survives a power cut; its name does so only after a sync of its folder. */
export async function writeNewFile(file: string, content: string, synced: boolean): Promise<void> {
  await withNewFile(file, async (handle) => {
    await handle.writeFile(content);
    if (synced) await handle.datasync();
  });
}

/**
 * Writes a stream into the file from `position` on and resolves to the number of bytes. At most two batches are in memory: one is
 * written while the next one fills. An error of the source is thrown unchanged.
 */
export async function writeStream(
  source: AsyncIterable<Buffer>,
  file: FileHandle,
  position: number,
): Promise<number> {
  let end = position;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batchesOf(source, WRITE_BYTES)) {
      await writing;
      const start = end;
      end += batch.reduce((sum, chunk) => sum + chunk.length, 0);
      writing = translateErrors('write a file', () => writeAll(file, batch, start));
      // The next round awaits it; until then a failure must not count as unhandled.
      writing.catch(() => {});
    }
    await writing;
    return end - position;
  } finally {
    // The caller must not close the file while a write is running.
    await writing.catch(() => {});
  }
}

/** A nearly full disk writes less than asked, so the rest is tried again until it is written or refused. */
async function writeAll(file: FileHandle, chunks: Buffer[], position: number): Promise<void> {
  let rest = chunks;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = withoutFirst(rest, bytesWritten);
  }
}

function withoutFirst(chunks: Buffer[], bytes: number): Buffer[] {
  let skipped = 0;
  for (const [index, chunk] of chunks.entries()) {
    if (skipped + chunk.length > bytes) {
      return [chunk.subarray(bytes - skipped), ...chunks.slice(index + 1)];
    }
    skipped += chunk.length;
  }
  return [];
}

/**
 * Makes the names in a folder (created, renamed, removed before the call) survive a power cut. Calls that come while a folder is being
 * synced share the next sync: photos that are stored side by side pay for one, and blocked fsyncs do not fill the four threads that do
 * all file system work of the process.
 */
export class FolderSync {
  private readonly running = new Map<string, Promise<void>>();
  private readonly next = new Map<string, Promise<void>>();

  async sync(folder: string): Promise<void> {
    const running = this.running.get(folder);
    if (running === undefined) return this.start(folder);
    let next = this.next.get(folder);
    if (next === undefined) {
      const start = (): Promise<void> => {
        this.next.delete(folder);
        return this.start(folder);
      };
      next = running.then(start, start);
      this.next.set(folder, next);
    }
    return next;
  }

  private start(folder: string): Promise<void> {
    const sync = syncFolder(folder).finally(() => {
      if (this.running.get(folder) === sync) this.running.delete(folder);
    });
    this.running.set(folder, sync);
    return sync;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!CANNOT_SYNC_FOLDERS.has(errnoOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
