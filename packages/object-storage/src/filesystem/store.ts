import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { isObjectStoreError, ObjectNotFoundError } from '../errors.js';
import type {
  ByteRange,
  ChangeNotices,
  DiskSpace,
  FreeSpace,
  LocalFiles,
  ObjectAttributes,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  VersionCheck,
} from '../port.js';
import { checkAttributes, checkKey, checkPrefix, clampRange } from '../rules.js';
import { chunksOf, chunksOfPart, holdErrors } from '../streams.js';
import { errnoOf, FolderSync, ifPresent, translateErrors, withNewFile, writeStream } from './files.js';
import { Layout } from './layout.js';
import { listObjects } from './listing.js';
import { Objects } from './objects.js';
import { Parts } from './parts.js';
import { Staging } from './staging.js';

/** Bytes of one read from the disk. */
const READ_BYTES = 256 * 1024;

export interface FilesystemStoreOptions {
  /** The folder that holds everything; created if it is missing. Processes may share it as long as only one of them writes a key. */
  root: string;
  /** Nothing is created or removed; the store is ready when the folder of the objects exists. */
  readOnly?: boolean;
  /** No other process writes to the folder or deletes from it, so the store can tell of every change. */
  exclusive?: boolean;
}

export type FilesystemStore = ObjectStore & LocalFiles & FreeSpace & VersionCheck & Partial<ChangeNotices>;

/**
 * Opens a folder, also on a full disk: what is there can be read and deleted.
 * @throws StorageUnavailableError when the folder cannot be created or written to, StorageFullError when it has no room for the folder.
 */
export async function createFilesystemStore({
  root,
  readOnly = false,
  exclusive = false,
}: FilesystemStoreOptions): Promise<FilesystemStore> {
  const layout = new Layout(root);
  const folderSync = new FolderSync();
  const listeners: ((key: string) => void)[] = [];
  const objects = new Objects(layout, folderSync, (key) => {
    for (const listener of listeners) listener(key);
  });
  const parts = new Parts(layout, folderSync, () => objects.checkMounted());
  const staging = new Staging(layout, folderSync, objects, parts);

  const ready = (): Promise<void> =>
    translateErrors(`${readOnly ? 'read' : 'write to'} ${layout.root}`, async () => {
      await objects.checkMounted();
      if (!readOnly) await probe(layout);
    });

  if (!readOnly) {
    await translateErrors(`prepare the storage folder ${layout.root}`, async () => {
      await prepare(layout, folderSync);
      await layout.removeLeftovers();
      await staging.removeCompleted();
    });
    await ready().catch((error: unknown) => {
      if (!isObjectStoreError(error, 'storage_full')) throw error;
    });
  }

  return {
    put: (key, body, attributes, options) => put(layout, objects, key, body, attributes, options),
    head: (key) => head(objects, key),
    get: (key, range) => get(objects, key, range),
    delete: (key) => translateErrors('delete an object', () => objects.delete(key)),
    async *list(prefix) {
      checkPrefix(prefix);
      await objects.checkMounted();
      yield* listObjects(layout.objects, prefix, (key) => find(objects, key));
    },
    async beginUpload(key, size, partSize, attributes) {
      checkAttributes(attributes);
      return staging.begin(key, size, partSize, attributes);
    },
    writePart: (upload, index, body) => parts.write(upload, index, body),
    completeUpload: (upload, stored) => staging.complete(upload, stored),
    abortUpload: ({ uploadId }) => staging.abort(uploadId),
    async *listUploads(prefix) {
      checkPrefix(prefix);
      await objects.checkMounted();
      yield* staging.list(prefix);
    },
    ready,
    close: async () => {},
    async localPath(key) {
      await translateErrors('find an object', () => objects.require(key));
      return layout.object(key);
    },
    isCurrent: ({ key, version }) =>
      translateErrors('look at an object', () => objects.isCurrent(key, version)),
    diskSpace: () => translateErrors('read how much room there is', () => diskSpace(layout, objects)),
    ...(exclusive && { onChange: (listener: (key: string) => void) => listeners.push(listener) }),
  };
}

async function put(
  layout: Layout,
  objects: Objects,
  key: string,
  body: Readable | Buffer,
  attributes: ObjectAttributes,
  { size, reproducible = false }: PutOptions = {},
): Promise<ObjectInfo> {
  checkKey(key);
  checkAttributes(attributes);
  if (body instanceof Readable) holdErrors(body);
  const given = attributes.metadata?.sha256;
  const hash = createHash('sha256');
  const source = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of size === undefined ? chunksOf(body) : chunksOfPart(body, size)) {
      // A caller that gives the hash has computed it; a second time would be half of what storing a photo costs a Pi 4.
      if (given === undefined) hash.update(chunk);
      yield chunk;
    }
  };
  const draft = layout.temporaryFile();
  const file = await translateErrors('create a temporary file', () => open(draft, 'wx', 0o600));
  try {
    await writeStream(source(), file, 0);
    return await translateErrors('store an object', async () => {
      const stats = await file.stat({ bigint: true });
      const etag = given ?? hash.digest('hex');
      const sync = reproducible ? undefined : () => file.datasync();
      return objects.commit(key, { file: draft, stats, etag, attributes, sync });
    });
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function find(objects: Objects, key: string): Promise<ObjectInfo | undefined> {
  return (await translateErrors('read an object', () => objects.find(key)))?.info;
}

async function head(objects: Objects, key: string): Promise<ObjectInfo> {
  const info = await find(objects, key);
  if (info === undefined) throw new ObjectNotFoundError(`there is no object ${key}`);
  return info;
}

async function get(objects: Objects, key: string, range?: ByteRange): ReturnType<ObjectStore['get']> {
  const { info, handle } = await translateErrors('read an object', () => objects.open(key));
  try {
    const bytes = range && clampRange(range, info.size);
    const body = handle.createReadStream({ start: 0, ...bytes, highWaterMark: READ_BYTES });
    return { info, body };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function diskSpace(layout: Layout, objects: Objects): Promise<DiskSpace> {
  const stats = await ifPresent(statfs(layout.objects));
  if (stats === undefined) throw objects.notMounted();
  // Not `bfree`, which counts blocks that only root may write.
  const { bavail, blocks, bsize } = stats;
  return { free: bavail * bsize, total: blocks * bsize };
}

async function prepare(layout: Layout, folderSync: FolderSync): Promise<void> {
  await makeRoot(layout.root, folderSync);
  for (const folder of [layout.objects, layout.meta, layout.staging, layout.temporary]) {
    await mkdir(folder, { recursive: true });
  }
  await folderSync.sync(layout.root);
}

/**
 * Not `mkdir` with `recursive`: that never returns where a folder exists but takes no other, as in /proc. Other accounts of the machine
 * must not read what is created here; an existing folder keeps the mode that its owner has set.
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
    // Another process was faster. (If it is a file, creating the folders inside fails and says so.)
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await folderSync.sync(parent);
}

/** A full or read-only disk shows only when it is written to. The file need not survive, so it is not synced. */
async function probe(layout: Layout): Promise<void> {
  const file = layout.temporaryFile();
  try {
    await withNewFile(file, (handle) => handle.writeFile(randomUUID()));
  } finally {
    await rm(file, { force: true });
  }
}
