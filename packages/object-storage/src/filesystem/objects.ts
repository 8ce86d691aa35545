import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { InvalidKeyError, ObjectNotFoundError, StorageUnavailableError } from '../errors.js';
import type { ObjectAttributes, ObjectInfo } from '../port.js';
import { type FolderSync, writeDurably } from './durable.js';
import { errnoOf, everything, isMissing } from './faults.js';
import { createFolders } from './folders.js';
import { createKeyedLock } from './keyed-lock.js';
import type { Layout } from './paths.js';
import {
  likeliestRecordOf,
  type ObjectRecord,
  readSidecar,
  recordOf,
  type Sidecar,
  stampOf,
  toInfo,
} from './sidecar.js';
import type { TemporaryFiles } from './temporary-files.js';

/** A data file that is finished except for `sync`, waiting to become an object. */
export interface FinishedFile {
  file: string;
  stats: BigIntStats;
  etag: string;
  attributes: ObjectAttributes;
  uploadId?: string;
  /** Makes the file's bytes durable; runs beside other preparations. */
  sync(): Promise<void>;
}

interface Located {
  stats: BigIntStats;
  record: ObjectRecord | undefined;
}

/** The visible objects: a data file each, with a sidecar that is always in place first. Speaks in errno errors. */
export interface Objects {
  /** Makes a finished file the object, replacing what was there. @throws InvalidKeyError */
  commit(key: string, finished: FinishedFile): Promise<ObjectInfo>;
  /** Undefined when there is no such object. */
  find(key: string): Promise<{ info: ObjectInfo; uploadId: string | undefined } | undefined>;
  /** The caller closes the handle. @throws ObjectNotFoundError */
  open(key: string): Promise<{ info: ObjectInfo; handle: FileHandle }>;
  delete(key: string): Promise<void>;
  /** @throws StorageUnavailableError when the folder of the objects itself is gone: a disk that is not mounted. */
  checkMounted(): Promise<void>;
}

interface Tools {
  layout: Layout;
  temporary: TemporaryFiles;
  folderSync: FolderSync;
}

export function createObjects({ layout, temporary, folderSync }: Tools): Objects {
  const dataFolders = createFolders(layout.objects, folderSync);
  const metaFolders = createFolders(layout.meta, folderSync);
  // A commit's two renames must not mix with those of another commit, or with a delete, of the same key.
  const locked = createKeyedLock();

  async function commit(key: string, finished: FinishedFile): Promise<ObjectInfo> {
    const data = layout.object(key);
    const sidecar = layout.sidecar(key);
    const replaced = await locate(data, sidecar, () => statObject(data));
    const record = toRecord(finished);
    const content: Sidecar = { current: record, ...(replaced?.record && { previous: replaced.record }) };
    const sidecarDraft = temporary.path();
    try {
      await everything([
        finished.sync(),
        writeDurably(sidecarDraft, JSON.stringify(content)),
        dataFolders.ensure(path.dirname(data)),
        metaFolders.ensure(path.dirname(sidecar)),
      ]);
      await metaFolders.moveInto(sidecarDraft, sidecar);
    } catch (error) {
      await rm(sidecarDraft, { force: true });
      throw error;
    }
    await dataFolders.moveInto(finished.file, data);
    return toInfo(key, finished.stats, record);
  }

  async function remove(key: string): Promise<void> {
    const data = layout.object(key);
    const sidecar = layout.sidecar(key);
    const folder = path.dirname(data);
    if ((await statIfPresent(data))?.isFile()) {
      await unlink(data);
      await dataFolders.syncRemoval(folder);
    } else {
      await checkMounted();
    }
    // Not synced: a sidecar without its data is invisible, and the next put or delete of the key clears it.
    await unlink(sidecar).catch(ignoreMissing);
    await dataFolders.prune(folder);
    await metaFolders.prune(path.dirname(sidecar));
  }

  async function checkMounted(): Promise<void> {
    if (await statIfPresent(layout.objects)) return;
    throw new StorageUnavailableError(`the storage folder ${layout.objects} is gone; is its disk mounted?`);
  }

  return {
    commit: (key, finished) => locked(key, () => commit(key, finished)),
    delete: (key) => locked(key, () => remove(key)),
    checkMounted,
    async find(key) {
      const data = layout.object(key);
      const found = await locate(data, layout.sidecar(key), () => statFile(data));
      if (found) return { info: toInfo(key, found.stats, found.record), uploadId: found.record?.uploadId };
      await checkMounted();
      return undefined;
    },
    async open(key) {
      const opened = await openObject(layout.object(key), layout.sidecar(key));
      if (opened) return { info: toInfo(key, opened.stats, opened.record), handle: opened.handle };
      await checkMounted();
      throw new ObjectNotFoundError(`there is no object ${key}`);
    },
  };
}

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
 * Finds the data file and the record that describes it. A replacement may come between the two look-ups; then neither
 * record fits and a second look settles it. If nothing has changed meanwhile, the misfit is not one of timing.
 */
async function locate(
  data: string,
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
    const seen = JSON.stringify([data, stamp, known]);
    if (seen === before) return { stats, record: likeliestRecordOf(known, stamp) };
    before = seen;
  }
}

async function openObject(
  data: string,
  sidecar: string,
): Promise<(Located & { handle: FileHandle }) | undefined> {
  let handle: FileHandle | undefined;
  try {
    const found = await locate(data, sidecar, async () => {
      await handle?.close();
      handle = undefined;
      handle = await openIfPresent(data);
      const stats = await handle?.stat({ bigint: true });
      return stats?.isFile() ? stats : undefined;
    });
    if (found && handle) return { ...found, handle };
  } catch (error) {
    await handle?.close();
    throw error;
  }
  await handle?.close();
  return undefined;
}

async function openIfPresent(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    // ELOOP: a link, which is no object of ours.
    if (isMissing(error) || errnoOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

async function statIfPresent(file: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(file, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function statFile(file: string): Promise<BigIntStats | undefined> {
  const stats = await statIfPresent(file);
  return stats?.isFile() ? stats : undefined;
}

/** What a put would replace. @throws InvalidKeyError before anything is written under a key that clashes. */
async function statObject(file: string): Promise<BigIntStats | undefined> {
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

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
