import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { KeyedLock } from '@lazyphotos/system';
import type { ObjectAttributes, ObjectInfo, StagedUpload, StoredPart, UploadUnderWay } from '../port.js';
import { checkAllParts, checkShape } from '../rules.js';
import { dataFile, seal, sealedFile } from './claims.js';
import { type FolderSync, ifPresent, translateErrors, withNewFile, writeNewFile } from './files.js';
import type { Layout } from './layout.js';
import type { Objects } from './objects.js';
import { findPartFiles, folderOrThrow, type Parts, unknownUpload } from './parts.js';

/** `upload.json`: what is needed to complete the upload. */
interface Manifest extends StagedUpload {
  attributes: ObjectAttributes;
  etag: string;
}

/** Begins and ends staged uploads. Each has a folder with its manifest, its `data` file and the files of its parts (parts.ts). */
export class Staging {
  private readonly uploadLock = new KeyedLock();

  constructor(
    private readonly layout: Layout,
    private readonly folderSync: FolderSync,
    private readonly objects: Objects,
    private readonly parts: Parts,
  ) {}

  async begin(
    key: string,
    size: number,
    partSize: number,
    attributes: ObjectAttributes,
  ): Promise<StagedUpload> {
    checkShape({ size, partSize });
    this.layout.object(key);
    const upload: StagedUpload = { uploadId: randomBytes(16).toString('hex'), key, size, partSize };
    const etag = attributes.metadata?.sha256 ?? randomBytes(16).toString('hex');
    await translateErrors('begin an upload', () => this.create({ ...upload, attributes, etag }));
    return upload;
  }

  /** Prepares a temporary folder and renames it, so that a crash leaves no incomplete upload. */
  private async create(manifest: Manifest): Promise<void> {
    const draft = this.layout.temporaryFile();
    try {
      await mkdir(draft);
      await withNewFile(dataFile(draft), (data) => data.truncate(manifest.size));
      await writeNewFile(path.join(draft, 'upload.json'), JSON.stringify(manifest), true);
      await this.folderSync.sync(draft);
      await rename(draft, path.join(this.layout.staging, manifest.uploadId));
      await this.folderSync.sync(this.layout.staging);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  }

  complete(upload: StagedUpload, parts: readonly StoredPart[]): Promise<ObjectInfo> {
    return this.uploadLock.run(upload.uploadId, () =>
      translateErrors('complete an upload', () => this.completeLocked(upload, parts)),
    );
  }

  /**
   * Any step may be the last before a crash, and a repeated call continues: the data file may be sealed already; parts are copied into place again; the sidecar is written
   * again; and when the data file has been renamed, the object itself says which upload it was.
   */
  private async completeLocked(upload: StagedUpload, parts: readonly StoredPart[]): Promise<ObjectInfo> {
    const folder = folderOrThrow(this.layout, upload.uploadId);
    const manifest = await readManifest(folder);
    if (manifest === undefined || !(await hasBytes(folder))) return this.completedBefore(upload, folder);
    if (manifest.key !== upload.key) throw unknownUpload(upload.uploadId);
    checkAllParts(manifest, parts);
    const files = await findPartFiles(folder, parts);
    return this.parts.withoutWrites(upload.uploadId, async () => {
      const file = await seal(this.layout, folder);
      await this.parts.place(file, manifest.partSize, files);
      const { etag, attributes, uploadId, key } = manifest;
      const stats = await stat(file, { bigint: true });
      const sync = async (): Promise<void> => {}; // each part was synced when it was written
      const info = await this.objects.commit(key, { file, stats, etag, attributes, uploadId, sync });
      await this.remove(folder);
      return info;
    });
  }

  private async completedBefore(upload: StagedUpload, folder: string): Promise<ObjectInfo> {
    const found = await this.objects.find(upload.key);
    if (found?.uploadId !== upload.uploadId) throw unknownUpload(upload.uploadId);
    await this.remove(folder);
    return found.info;
  }

  abort(uploadId: string): Promise<void> {
    return this.uploadLock.run(uploadId, () =>
      translateErrors('abort an upload', async () => {
        const folder = this.layout.upload(uploadId);
        if (folder === undefined) return;
        await this.parts.withoutWrites(uploadId, () => this.remove(folder));
        await this.folderSync.sync(this.layout.staging);
      }),
    );
  }

  /** Yields the uploads to keys that start with `prefix`. */
  async *list(prefix: string): AsyncGenerator<UploadUnderWay> {
    for (const name of await translateErrors('list uploads', () => readdir(this.layout.staging))) {
      const upload = await translateErrors('list uploads', () => this.find(name));
      if (upload?.key.startsWith(prefix)) yield upload;
    }
  }

  /** Resolves to undefined when it has ended meanwhile, or the name is not that of an upload. */
  private async find(name: string): Promise<UploadUnderWay | undefined> {
    const folder = this.layout.upload(name);
    const manifest = folder && (await readManifest(folder));
    if (!folder || !manifest) return undefined;
    const stats = await ifPresent(stat(path.join(folder, 'upload.json')));
    return stats && { uploadId: manifest.uploadId, key: manifest.key, begunAt: stats.mtime };
  }

  /** Removes the folders that a crash at the end of a completion has left: their objects are in place. */
  async removeCompleted(): Promise<void> {
    for (const name of await readdir(this.layout.staging)) {
      const folder = this.layout.upload(name);
      if (folder && !(await hasBytes(folder))) await this.remove(folder);
    }
  }

  /** Renames the folder first: a crash during the removal leaves a temporary folder, which the next start removes. */
  private async remove(folder: string): Promise<void> {
    const draft = this.layout.temporaryFile();
    const isThere = await ifPresent(rename(folder, draft).then(() => true));
    if (isThere) await rm(draft, { recursive: true, force: true });
  }
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await ifPresent(readFile(path.join(folder, 'upload.json'), 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

/** Resolves to whether the bytes of an upload have not become its object yet. */
async function hasBytes(folder: string): Promise<boolean> {
  // In the order in which the one becomes the other.
  for (const file of [dataFile(folder), sealedFile(folder)]) {
    if ((await ifPresent(stat(file))) !== undefined) return true;
  }
  return false;
}
