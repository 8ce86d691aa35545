import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { KeyedLock } from '@lazyphotos/system';
import { InvalidKeyError, ObjectNotFoundError, StorageUnavailableError } from '../errors.js';
import type { ObjectAttributes, ObjectInfo } from '../port.js';
import { errnoOf, type FolderSync, ifPresent, waitForAll, writeNewFile } from './files.js';
import { Folders } from './folders.js';
import type { Layout } from './layout.js';
import {
  likeliestRecordOf,
  type ObjectRecord,
  readSidecar,
  recordOf,
  type Sidecar,
  stampOf,
  toInfo,
  versionOf,
} from './sidecar.js';

/** A data file that is finished except for `sync`, and is to become an object. */
export interface FinishedFile {
  file: string;
  stats: BigIntStats;
  etag: string;
  attributes: ObjectAttributes;
  uploadId?: string;
  /** Makes the file's bytes durable; runs beside other preparations. Absent: nothing of the object need survive a power cut. */
  sync?: (() => Promise<void>) | undefined;
}

/** The files of a commit: where they are, and where they go. */
interface Placing {
  draft: string;
  content: string;
  sidecar: string;
  file: string;
  data: string;
}

interface Located {
  stats: BigIntStats;
  record: ObjectRecord | undefined;
}

/** The visible objects: each is a data file, whose sidecar is always in place first. Throws the errors of the file system. */
export class Objects {
  private readonly dataFolders: Folders;
  private readonly metaFolders: Folders;
  /** The two renames of a commit must not mix with those of another commit, or with a delete, of the same key. */
  private readonly keyLock = new KeyedLock();

  constructor(
    private readonly layout: Layout,
    folderSync: FolderSync,
    /** Called once readers see that an object was replaced or deleted. */
    private readonly onChange: (key: string) => void,
  ) {
    this.dataFolders = new Folders(layout.objects, folderSync);
    this.metaFolders = new Folders(layout.meta, folderSync);
  }

  /** Makes a finished file the object; replaces an existing object. @throws InvalidKeyError */
  commit(key: string, finished: FinishedFile): Promise<ObjectInfo> {
    return this.change(key, () => this.commitLocked(key, finished));
  }

  private async commitLocked(key: string, finished: FinishedFile): Promise<ObjectInfo> {
    const data = this.layout.object(key);
    const sidecar = this.layout.sidecar(key);
    const replaced = await locate(sidecar, () => statReplaced(data));
    const record = toRecord(finished);
    const content: Sidecar = { current: record, ...(replaced?.record && { previous: replaced.record }) };
    const draft = this.layout.temporaryFile();
    const placing: Placing = { draft, content: JSON.stringify(content), file: finished.file, sidecar, data };
    try {
      await (finished.sync ? this.placeDurably(placing, finished.sync) : this.placeUnsynced(placing));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    return toInfo(key, finished.stats, record);
  }

  private async placeDurably(placing: Placing, sync: () => Promise<void>): Promise<void> {
    const { draft, content, file, sidecar, data } = placing;
    await waitForAll([
      sync(),
      writeNewFile(draft, content, true),
      this.dataFolders.ensure(path.dirname(data)),
      this.metaFolders.ensure(path.dirname(sidecar)),
    ]);
    await this.metaFolders.moveInto(draft, sidecar);
    await this.dataFolders.moveInto(file, data);
    // Together: they share a commit of the file system's journal, which keeps the order of the renames. Where a power cut does not keep
    // it, an object that is not acknowledged yet has no sidecar.
    await waitForAll([
      this.metaFolders.sync(path.dirname(sidecar)),
      this.dataFolders.sync(path.dirname(data)),
    ]);
  }

  private async placeUnsynced({ draft, content, file, sidecar, data }: Placing): Promise<void> {
    await writeNewFile(draft, content, false);
    await this.metaFolders.moveIntoUnsynced(draft, sidecar);
    await this.dataFolders.moveIntoUnsynced(file, data);
  }

  delete(key: string): Promise<void> {
    return this.change(key, () => this.deleteLocked(key));
  }

  private change<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.keyLock.run(key, async () => {
      try {
        return await work();
      } finally {
        // Also of a failure: the files may have been renamed or removed before it.
        this.onChange(key);
      }
    });
  }

  private async deleteLocked(key: string): Promise<void> {
    const data = this.layout.object(key);
    const sidecar = this.layout.sidecar(key);
    const folder = path.dirname(data);
    if (await statFile(data)) {
      await unlink(data);
      await this.dataFolders.syncRemoval(folder);
    } else {
      await this.checkMounted();
    }
    // Not synced: a sidecar without its data is invisible, and the next put or delete of the key clears it.
    await ifPresent(unlink(sidecar));
    await this.dataFolders.prune(folder);
    await this.metaFolders.prune(path.dirname(sidecar));
  }

  /** Resolves to undefined when there is no such object. */
  async find(key: string): Promise<{ info: ObjectInfo; uploadId: string | undefined } | undefined> {
    const data = this.layout.object(key);
    const found = await locate(this.layout.sidecar(key), () => statFile(data));
    if (found) return { info: toInfo(key, found.stats, found.record), uploadId: found.record?.uploadId };
    await this.checkMounted();
    return undefined;
  }

  /** One look at the data file, without its sidecar. @throws ObjectNotFoundError */
  async require(key: string): Promise<void> {
    if (await statFile(this.layout.object(key))) return;
    await this.checkMounted();
    throw notFound(key);
  }

  /** One look at the data file: the sidecar is neither opened nor read. */
  async isCurrent(key: string, version: string | undefined): Promise<boolean> {
    const stats = await statFile(this.layout.object(key));
    return stats !== undefined && versionOf(stats) === version;
  }

  /** The caller closes the handle. @throws ObjectNotFoundError */
  async open(key: string): Promise<{ info: ObjectInfo; handle: FileHandle }> {
    const data = this.layout.object(key);
    let handle: FileHandle | undefined;
    try {
      const found = await locate(this.layout.sidecar(key), async () => {
        await handle?.close();
        handle = undefined;
        handle = await openIfPresent(data);
        const stats = await handle?.stat({ bigint: true });
        return stats?.isFile() ? stats : undefined;
      });
      if (found && handle) return { info: toInfo(key, found.stats, found.record), handle };
      await this.checkMounted();
      throw notFound(key);
    } catch (error) {
      await handle?.close();
      throw error;
    }
  }

  /** @throws StorageUnavailableError when the folder of the objects is missing: its disk is not mounted. */
  async checkMounted(): Promise<void> {
    if (!(await ifPresent(lstat(this.layout.objects)))) throw this.notMounted();
  }

  notMounted(): StorageUnavailableError {
    return new StorageUnavailableError(
      `the storage folder ${this.layout.objects} is missing; is its disk mounted?`,
    );
  }
}

const notFound = (key: string) => new ObjectNotFoundError(`there is no object ${key}`);

function toRecord({ attributes, etag, uploadId, stats }: FinishedFile): ObjectRecord {
  return {
    contentType: attributes.contentType,
    metadata: { ...attributes.metadata },
    etag,
    lastModified: new Date().toISOString(),
    ...(uploadId !== undefined && { uploadId }),
    stamp: stampOf(stats),
  };
}

/**
 * Finds the data file and the record that describes it. A replacement may come between the two reads; then neither record fits, and
 * a second round settles it. If nothing has changed between two rounds, the cause is not the timing.
 */
async function locate(
  sidecar: string,
  stat: () => Promise<BigIntStats | undefined>,
): Promise<Located | undefined> {
  let before = '';
  for (;;) {
    const stats = await stat();
    if (stats === undefined) return undefined;
    const stamp = stampOf(stats);
    const known = await readSidecar(sidecar);
    const record = recordOf(known, stamp);
    if (record) return { stats, record };
    const seen = JSON.stringify([stamp, known]);
    if (seen === before) return { stats, record: likeliestRecordOf(known, stamp) };
    before = seen;
  }
}

async function openIfPresent(file: string): Promise<FileHandle | undefined> {
  try {
    return await ifPresent(open(file, constants.O_RDONLY | constants.O_NOFOLLOW));
  } catch (error) {
    // A symbolic link is not one of our objects.
    if (errnoOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

async function statFile(file: string): Promise<BigIntStats | undefined> {
  const stats = await ifPresent(lstat(file, { bigint: true }));
  return stats?.isFile() ? stats : undefined;
}

/** Returns what a put would replace. @throws InvalidKeyError before anything is written under a key that clashes. */
async function statReplaced(file: string): Promise<BigIntStats | undefined> {
  try {
    const stats = await lstat(file, { bigint: true });
    if (stats.isDirectory()) throw new InvalidKeyError('the key is a folder of another key');
    return stats.isFile() ? stats : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ENOTDIR') throw new InvalidKeyError("one of the key's folders is an object");
    throw error;
  }
}
