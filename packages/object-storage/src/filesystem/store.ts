import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { checkAttributes } from '../attributes.js';
import { clampRange } from '../byte-range.js';
import { ObjectNotFoundError } from '../errors.js';
import { checkKey, checkPrefix } from '../keys.js';
import type { ByteRange, FreeSpace, LocalFiles, ObjectAttributes, ObjectInfo, ObjectStore } from '../port.js';
import { holdErrors } from '../sources.js';
import { createFolderSync, type FolderSync, withNewFile } from './durable.js';
import { errnoOf, storing } from './faults.js';
import { listObjects } from './listing.js';
import { createObjects, type Objects } from './objects.js';
import { createLayout, type Layout } from './paths.js';
import { pour } from './pour.js';
import { createStaging } from './staging.js';
import { createTemporaryFiles, type TemporaryFiles } from './temporary-files.js';

/** Bytes a read asks the disk for. */
const READ_SIZE = 256 * 1024;

export interface FilesystemStoreOptions {
  /** The folder that everything is kept in; made if need be. Processes may share it as long as only one of them writes a key. */
  root: string;
  /** Nothing is made or cleared; the store is ready when the folder of the objects is there. */
  readOnly?: boolean;
}

/** @throws StorageUnavailableError when the folder cannot be made or written to, StorageFullError when it has no room. */
export async function createFilesystemStore({
  root,
  readOnly = false,
}: FilesystemStoreOptions): Promise<ObjectStore & LocalFiles & FreeSpace> {
  const layout = createLayout(root);
  const folderSync = createFolderSync();
  const temporary = createTemporaryFiles(layout.temporary);
  const objects = createObjects({ layout, temporary, folderSync });
  const staging = createStaging({ layout, temporary, folderSync, objects });
  const put = createPut(temporary, objects);

  const find = async (key: string): Promise<ObjectInfo | undefined> => {
    return (await storing('read an object', () => objects.find(key)))?.info;
  };
  const head = async (key: string): Promise<ObjectInfo> => {
    const info = await find(key);
    if (info === undefined) throw new ObjectNotFoundError(`there is no object ${key}`);
    return info;
  };
  const check = readOnly ? objects.checkMounted : () => probe(temporary, objects);
  const ready = (): Promise<void> => storing(`${readOnly ? 'read' : 'write to'} ${layout.root}`, check);

  if (!readOnly) {
    await storing(`prepare the storage folder ${layout.root}`, async () => {
      await prepare(layout, folderSync);
      await temporary.removeLeftovers();
      await staging.removeCompleted();
    });
    await ready();
  }

  return {
    put,
    head,
    get: (key, range) => get(objects, key, range),
    delete: (key) => storing('delete an object', () => objects.delete(key)),
    async *list(prefix) {
      checkPrefix(prefix);
      await objects.checkMounted();
      yield* listObjects(layout.objects, prefix, find);
    },
    async beginUpload(key, size, partSize, attributes) {
      checkAttributes(attributes);
      return staging.begin(key, size, partSize, attributes);
    },
    writePart: staging.writePart,
    completeUpload: staging.complete,
    abortUpload: ({ uploadId }) => staging.abort(uploadId),
    async *listUploads(prefix) {
      checkPrefix(prefix);
      await objects.checkMounted();
      yield* staging.list(prefix);
    },
    ready,
    close: async () => {},
    async localPath(key) {
      await head(key);
      return layout.object(key);
    },
    freeBytes: () =>
      storing('look how much room there is', async () => {
        await objects.checkMounted();
        // Not `bfree`, which has blocks that only root may write.
        const { bavail, bsize } = await statfs(layout.objects);
        return bavail * bsize;
      }),
  };
}

function createPut(temporary: TemporaryFiles, objects: Objects): ObjectStore['put'] {
  return async (key: string, body: Readable | Buffer, attributes: ObjectAttributes) => {
    checkKey(key);
    checkAttributes(attributes);
    if (body instanceof Readable) holdErrors(body);
    const given = attributes.metadata?.sha256;
    const hash = createHash('sha256');
    const draft = temporary.path();
    const file = await storing('create a temporary file', () => open(draft, 'wx', 0o600));
    try {
      // Whoever gives the hash has computed it; twice would be half of what storing a photo costs a Pi 4.
      await pour(body, file, 0, (chunk) => given === undefined && hash.update(chunk));
      const stats = await storing('store an object', () => file.stat({ bigint: true }));
      const etag = given ?? hash.digest('hex');
      const finished = { file: draft, stats, etag, attributes, sync: () => file.datasync() };
      return await storing('store an object', () => objects.commit(key, finished));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  };
}

async function get(objects: Objects, key: string, range?: ByteRange): ReturnType<ObjectStore['get']> {
  const { info, handle } = await storing('read an object', () => objects.open(key));
  try {
    const bytes = range && clampRange(range, info.size);
    const body = handle.createReadStream({ start: 0, ...bytes, highWaterMark: READ_SIZE });
    return { info, body };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function prepare(layout: Layout, folderSync: FolderSync): Promise<void> {
  await makeRoot(layout.root, folderSync);
  for (const folder of [layout.objects, layout.meta, layout.staging, layout.temporary]) {
    await mkdir(folder, { recursive: true });
  }
  await folderSync.sync(layout.root);
}

/**
 * Not `mkdir` with `recursive`: that never returns where a folder exists but takes no other, as in /proc. Other accounts of
 * the machine have no business in what is made here; a folder that exists keeps the mode that its owner gave it.
 */
async function makeRoot(folder: string, folderSync: FolderSync): Promise<void> {
  const parent = path.dirname(folder);
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || parent === folder) throw error;
    await makeRoot(parent, folderSync);
  }
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    // Another process was quicker. (If it is a file, making the folders inside says so.)
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await folderSync.sync(parent);
}

/** A full or read-only disk shows only when it is written to. Nothing to be synced: a probe need not last. */
async function probe(temporary: TemporaryFiles, objects: Objects): Promise<void> {
  await objects.checkMounted();
  const file = temporary.path();
  try {
    await withNewFile(file, (handle) => handle.writeFile(randomUUID()));
  } finally {
    await rm(file, { force: true });
  }
}
