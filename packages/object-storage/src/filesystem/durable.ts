import { type FileHandle, open } from 'node:fs/promises';
import { errnoOf } from './faults.js';

export interface FolderSync {
  /** Makes the names in a folder (created, renamed, removed before the call) survive a power cut. */
  sync(folder: string): Promise<void>;
}

/**
 * Calls that arrive while a folder is being synced share the next sync: photos that are stored side by side pay for one,
 * and blocked fsyncs do not fill the four threads that all file system work of the process goes through.
 */
export function createFolderSync(): FolderSync {
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();

  const start = (folder: string): Promise<void> => {
    const sync = syncFolder(folder).finally(() => {
      if (running.get(folder) === sync) running.delete(folder);
    });
    running.set(folder, sync);
    return sync;
  };

  return {
    sync(folder) {
      const current = running.get(folder);
      if (current === undefined) return start(folder);
      const waiting = next.get(folder);
      if (waiting !== undefined) return waiting;
      const follow = (): Promise<void> => {
        next.delete(folder);
        return start(folder);
      };
      const queued = current.then(follow, follow);
      next.set(folder, queued);
      return queued;
    },
  };
}

/** Some file systems (exFAT, network shares) cannot sync a folder and say so; their renames are as durable as they get. */
const CANNOT_SYNC_FOLDERS = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

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

/** Creates a file that must not exist yet, lets `fill` write it, closes it whatever happens. */
export async function withNewFile<T>(file: string, fill: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, 'wx', 0o600);
  try {
    return await fill(handle);
  } finally {
    await handle.close();
  }
}

/** The file's content survives a power cut afterwards; its name only does once its folder is synced. */
export async function writeDurably(file: string, content: string): Promise<void> {
  await withNewFile(file, async (handle) => {
    await handle.writeFile(content);
    await handle.datasync();
  });
}
