import { mkdir, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { InvalidKeyError } from '../errors.js';
import { errnoOf, type FolderSync } from './files.js';

/** A folder disappears during a put only when a delete empties it at the same moment. */
const ATTEMPTS = 20;
/** How many folders are remembered as durable; a forgotten one costs one more fsync. */
const REMEMBERED = 4096;

/** The folders below `base` that keys contain: created when the first object needs them, removed with the last. */
export class Folders {
  /**
   * Folders that are known to survive a power cut. A folder that merely exists may have been created by a put that has not synced
   * it yet (or by a process that was killed before it could), so each is synced once before it is relied on.
   */
  private readonly durable = new Set<string>();
  private readonly creating = new Map<string, Promise<void>>();

  constructor(
    private readonly base: string,
    private readonly folderSync: FolderSync,
  ) {}

  /** Makes the folder exist and survive a power cut. Never creates `base`: if it is missing, the disk is not mounted. */
  async ensure(folder: string): Promise<void> {
    await this.retryWhenRemoved(folder, () => this.createOnce(folder));
  }

  /** Renames a finished file to its place; replaces an existing file atomically. Durable after `sync`. @throws InvalidKeyError */
  async moveInto(from: string, to: string): Promise<void> {
    const folder = path.dirname(to);
    await this.retryWhenRemoved(folder, async () => {
      await this.createOnce(folder);
      await rename(from, to);
    });
  }

  /** Renames like `moveInto`, but neither the file nor a folder that is created for it need survive a power cut. @throws InvalidKeyError */
  async moveIntoUnsynced(from: string, to: string): Promise<void> {
    const folder = path.dirname(to);
    await this.retryWhenRemoved(folder, async () => {
      try {
        await rename(from, to);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        this.forget(folder);
        await this.createUnsynced(folder);
        await rename(from, to);
      }
    });
  }

  /** Makes the renames into a folder survive a power cut. */
  sync(folder: string): Promise<void> {
    return this.folderSync.sync(folder);
  }

  /** Makes a file's removal from the folder survive a power cut. Another delete may have removed the folder as well. */
  async syncRemoval(folder: string): Promise<void> {
    try {
      await this.folderSync.sync(folder);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || folder === this.base) throw error;
      await this.syncRemoval(path.dirname(folder));
    }
  }

  /** Removes the folder and its parents below `base`, as far as they are empty. */
  async prune(folder: string): Promise<void> {
    for (const at of this.upwards(folder)) {
      this.durable.delete(at);
      try {
        await rmdir(at);
      } catch (error) {
        // Not empty (POSIX allows either name), or another delete has removed it.
        if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return;
        throw error;
      }
    }
  }

  /** Repeats `work` when a delete has removed the folder between its creation and its use. */
  private async retryWhenRemoved(folder: string, work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        this.forget(folder);
        if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS)
          throw asInvalidKey(error, path.relative(this.base, folder));
      }
    }
  }

  private async createOnce(folder: string): Promise<void> {
    if (this.durable.has(folder)) return;
    let creation = this.creating.get(folder);
    if (creation === undefined) {
      creation = this.create(folder).finally(() => this.creating.delete(folder));
      this.creating.set(folder, creation);
    }
    await creation;
  }

  private async create(folder: string): Promise<void> {
    if (folder === this.base) return;
    const parent = path.dirname(folder);
    await this.createOnce(parent);
    try {
      await mkdir(folder);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    await this.folderSync.sync(parent);
    this.durable.add(folder);
    const oldest = this.durable.size > REMEMBERED ? this.durable.values().next().value : undefined;
    if (oldest !== undefined) this.durable.delete(oldest);
  }

  /** Creates a folder without syncing its name, so it is not remembered as durable. Like `create`, never creates `base`. */
  private async createUnsynced(folder: string): Promise<void> {
    if (folder === this.base) return;
    try {
      await mkdir(folder);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return;
      if (errnoOf(error) !== 'ENOENT') throw error;
      await this.createUnsynced(path.dirname(folder));
      await mkdir(folder).catch((again: unknown) => {
        if (errnoOf(again) !== 'EEXIST') throw again;
      });
    }
  }

  /** It may be missing: what is created in its place is not durable yet. */
  private forget(folder: string): void {
    for (const at of this.upwards(folder)) this.durable.delete(at);
  }

  private *upwards(folder: string): Generator<string> {
    for (let at = folder; at.length > this.base.length; at = path.dirname(at)) yield at;
  }
}

/** Where keys are paths, an object cannot be a folder as well. */
function asInvalidKey(error: unknown, folder: string): unknown {
  if (!['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) return error;
  return new InvalidKeyError(
    `the key in ${folder || 'the root'} is a folder of another key, or has an object as its folder`,
  );
}
