import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ObjectNotFoundError } from '../errors.js';
import { checkAllParts, checkShape } from '../parts.js';
import type { ObjectAttributes, ObjectInfo, StagedUpload, StoredPart, UploadUnderWay } from '../port.js';
import { type FolderSync, withNewFile, writeDurably } from './durable.js';
import { isMissing, storing } from './faults.js';
import { createKeyedLock } from './keyed-lock.js';
import type { Objects } from './objects.js';
import { findPartFiles, listPartFiles } from './part-files.js';
import { createPartWriters } from './part-writers.js';
import { createPartWriting } from './part-writing.js';
import type { Layout } from './paths.js';
import { placeRepeated } from './repeated-parts.js';
import type { TemporaryFiles } from './temporary-files.js';

/** `upload.json`: what has to be known when the upload is completed. */
interface Manifest extends StagedUpload {
  attributes: ObjectAttributes;
  etag: string;
}

export interface Staging {
  begin(key: string, size: number, partSize: number, attributes: ObjectAttributes): Promise<StagedUpload>;
  writePart(upload: StagedUpload, index: number, body: Readable): Promise<StoredPart>;
  complete(upload: StagedUpload, parts: readonly StoredPart[]): Promise<ObjectInfo>;
  abort(uploadId: string): Promise<void>;
  /** Those to keys that start with `prefix`. */
  list(prefix: string): AsyncIterable<UploadUnderWay>;
  /** Clears what a crash at the very end of a completion has left: its object is in place. */
  removeCompleted(): Promise<void>;
}

interface Tools {
  layout: Layout;
  temporary: TemporaryFiles;
  folderSync: FolderSync;
  objects: Objects;
}

export function createStaging(tools: Tools): Staging {
  const { layout, temporary, folderSync, objects } = tools;
  const writers = createPartWriters();
  const writePart = createPartWriting({ temporary, folderSync, writers, checkMounted: objects.checkMounted });
  const locked = createKeyedLock();

  /**
   * Every step may be the last before a crash, and repeating the call goes on from there: parts are copied into place again;
   * the sidecar is written again; and once the data file has been renamed, the object itself says which upload it was.
   */
  async function complete(upload: StagedUpload, parts: readonly StoredPart[]): Promise<ObjectInfo> {
    const folder = folderOrThrow(layout, upload.uploadId);
    const manifest = await readManifest(folder);
    const data = path.join(folder, 'data');
    if (manifest === undefined || !(await exists(data))) return completedBefore(upload, folder);
    if (manifest.key !== upload.key) throw unknown(upload.uploadId);
    checkAllParts(manifest, parts);
    const files = findPartFiles(await listPartFiles(folder), parts);
    return writers.keepOut(upload.uploadId, async () => {
      await placeRepeated(folder, manifest.partSize, files, folderSync);
      const { etag, attributes, uploadId, key } = manifest;
      const stats = await stat(data, { bigint: true });
      const sync = async (): Promise<void> => {}; // each part was synced when it was written
      const info = await objects.commit(key, { file: data, stats, etag, attributes, uploadId, sync });
      await discard(temporary, folder);
      return info;
    });
  }

  async function completedBefore(upload: StagedUpload, folder: string): Promise<ObjectInfo> {
    const found = await objects.find(upload.key);
    if (found?.uploadId !== upload.uploadId) throw unknown(upload.uploadId);
    await discard(temporary, folder);
    return found.info;
  }

  return {
    async begin(key, size, partSize, attributes) {
      checkShape({ size, partSize });
      layout.object(key);
      const upload: StagedUpload = { uploadId: randomBytes(16).toString('hex'), key, size, partSize };
      const etag = attributes.metadata?.sha256 ?? randomBytes(16).toString('hex');
      await storing('begin an upload', () => begin(tools, { ...upload, attributes, etag }));
      return upload;
    },
    writePart: async (upload, index, body) =>
      writePart(folderOrThrow(layout, upload.uploadId), upload, index, body),
    complete: (upload, parts) =>
      locked(upload.uploadId, () => storing('complete an upload', () => complete(upload, parts))),
    abort: (uploadId) =>
      locked(uploadId, () =>
        storing('abort an upload', async () => {
          const folder = layout.upload(uploadId);
          if (folder === undefined) return;
          await writers.keepOut(uploadId, () => discard(temporary, folder));
          await folderSync.sync(layout.staging);
        }),
      ),
    async *list(prefix) {
      for (const name of await storing('list uploads', () => readdir(layout.staging))) {
        const upload = await storing('list uploads', () => findUpload(layout, name));
        if (upload?.key.startsWith(prefix)) yield upload;
      }
    },
    async removeCompleted() {
      for (const name of await readdir(layout.staging)) {
        const folder = layout.upload(name);
        if (folder && !(await exists(path.join(folder, 'data')))) await discard(temporary, folder);
      }
    },
  };
}

/** Undefined when it has ended meanwhile, or is no upload of ours. */
async function findUpload(layout: Layout, name: string): Promise<UploadUnderWay | undefined> {
  const folder = layout.upload(name);
  const manifest = folder && (await readManifest(folder));
  if (!folder || !manifest) return undefined;
  try {
    const { mtime: begunAt } = await stat(path.join(folder, 'upload.json'));
    return { uploadId: manifest.uploadId, key: manifest.key, begunAt };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Prepared aside and renamed, so that a crash leaves no half-made upload that nobody knows of. */
async function begin({ layout, temporary, folderSync }: Tools, manifest: Manifest): Promise<void> {
  const draft = temporary.path();
  try {
    await mkdir(draft);
    await withNewFile(path.join(draft, 'data'), (data) => data.truncate(manifest.size));
    await writeDurably(path.join(draft, 'upload.json'), JSON.stringify(manifest));
    await folderSync.sync(draft);
    await rename(draft, path.join(layout.staging, manifest.uploadId));
    await folderSync.sync(layout.staging);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Out of sight at once; a crash in mid-removal leaves a temporary folder, which the next start removes. */
async function discard(temporary: TemporaryFiles, folder: string): Promise<void> {
  const draft = temporary.path();
  try {
    await rename(folder, draft);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rm(draft, { recursive: true, force: true });
}

function folderOrThrow(layout: Layout, uploadId: string): string {
  const folder = layout.upload(uploadId);
  if (folder === undefined) throw unknown(uploadId);
  return folder;
}

function unknown(uploadId: string): ObjectNotFoundError {
  return new ObjectNotFoundError(`there is no upload ${JSON.stringify(uploadId)}`);
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, 'upload.json'), 'utf8')) as Manifest;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
