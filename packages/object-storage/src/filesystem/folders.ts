import { mkdir, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { InvalidKeyError } from '../errors.js';
import type { FolderSync } from './durable.js';
import { errnoOf } from './faults.js';

/** A folder can vanish under a put only as often as deletes empty it at the very moment. */
const ATTEMPTS = 20;
/** Folders remembered as durable; a forgotten one costs one more fsync. */
const REMEMBERED = 4096;

/** The folders below `base` that keys stand for: made when the first object needs them, removed with the last. */
export interface Folders {
  /** The folder exists and survives a power cut afterwards. Never creates `base`: without it the disk is not mounted. */
  ensure(folder: string): Promise<void>;
  /** Renames a finished file to its place, durably; replaces what was there, atomically. @throws InvalidKeyError */
  moveInto(from: string, to: string): Promise<void>;
  /** Makes a file's removal from the folder survive a power cut. Another delete may have removed the folder as well. */
  syncRemoval(folder: string): Promise<void>;
  /** Removes the folder and those above it, below `base`, as far as they are empty. */
  prune(folder: string): Promise<void>;
}

export function createFolders(base: string, folderSync: FolderSync): Folders {
  /**
   * Known to survive a power cut. A folder that merely exists may have been made by a put that has not synced it yet
   * (or by a process that was killed before it could), so each is synced once before it is relied on.
   */
  const durable = new Set<string>();
  const ensuring = new Map<string, Promise<void>>();

  const create = async (folder: string): Promise<void> => {
    if (folder === base) return;
    const parent = path.dirname(folder);
    await ensure(parent);
    try {
      await mkdir(folder);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    await folderSync.sync(parent);
    durable.add(folder);
    const oldest = durable.size > REMEMBERED ? durable.values().next().value : undefined;
    if (oldest !== undefined) durable.delete(oldest);
  };

  const ensure = async (folder: string): Promise<void> => {
    if (durable.has(folder)) return;
    let creation = ensuring.get(folder);
    if (creation === undefined) {
      creation = create(folder).finally(() => ensuring.delete(folder));
      ensuring.set(folder, creation);
    }
    await creation;
  };

  const forget = (folder: string): void => {
    for (let at = folder; at.length > base.length; at = path.dirname(at)) durable.delete(at);
  };

  /** Repeats `work` when a delete has removed the folder between `ensure` and its use. */
  const within = async (folder: string, work: () => Promise<void>): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await ensure(folder);
        return await work();
      } catch (error) {
        forget(folder);
        if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS)
          throw explain(error, path.relative(base, folder));
      }
    }
  };

  return {
    ensure: (folder) => within(folder, async () => {}),
    async moveInto(from, to) {
      const folder = path.dirname(to);
      await within(folder, () => rename(from, to));
      await folderSync.sync(folder);
    },
    async syncRemoval(folder) {
      try {
        await folderSync.sync(folder);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || folder === base) throw error;
        await this.syncRemoval(path.dirname(folder));
      }
    },
    async prune(folder) {
      for (let at = folder; at.length > base.length; at = path.dirname(at)) {
        durable.delete(at);
        try {
          await rmdir(at);
        } catch (error) {
          // Not empty (POSIX allows either name), or another delete was here first.
          if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return;
          throw error;
        }
      }
    },
  };
}

/** Where keys are paths, an object cannot be a folder as well. */
function explain(error: unknown, where: string): unknown {
  const clash = ['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '');
  return clash
    ? new InvalidKeyError(
        `the key in ${where || 'the root'} is a folder of another key, or has an object as its folder`,
      )
    : error;
}
