import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ObjectNotFoundError, PartMismatchError, StorageUnavailableError } from '../errors.js';
import type { StagedUpload, StoredPart } from '../port.js';
import { partLength } from '../rules.js';
import { chunksOfPart, holdErrors } from '../streams.js';
import { claimPart, dataFile, releasePart } from './claims.js';
import {
  type FolderSync,
  isMissing,
  translateErrors,
  waitForAll,
  withNewFile,
  writeStream,
} from './files.js';
import type { Layout } from './layout.js';

const COPY_BYTES = 256 * 1024;
const MARK = /^(\d+)-([0-9a-f]{32})\.(placed|part)$/;

/**
 * Beside an upload's `data` is one file for every finished write of a part:
 * - `<index>-<etag>.placed`, empty: the bytes are in `data`, at the part's offset;
 * - `<index>-<etag>.part`: another write had the part's claim (claims.ts), so the bytes of the repetition are here; completing the upload
 *   copies them into `data`. Until then the earlier write stays whole, even if the repetition is broken off.
 */
interface PartFile {
  name: string;
  index: number;
  etag: string;
  isPlaced: boolean;
}

/** A write of a part by this process that is still running. */
interface RunningWrite {
  body: Readable;
  ended: Promise<void>;
}

/** What a write of a part needs. */
interface Part {
  folder: string;
  index: number;
  offset: number;
  length: number;
  body: Readable;
}

/** The parts of staged uploads: the write that claims a part goes to its place in the data file, any other into a file of its own. */
export class Parts {
  /** By upload. */
  private readonly running = new Map<string, Set<RunningWrite>>();
  private readonly locked = new Set<string>();

  /** `checkMounted` throws if not the upload but the disk is missing. */
  constructor(
    private readonly layout: Layout,
    private readonly folderSync: FolderSync,
    private readonly checkMounted: () => Promise<void>,
  ) {}

  /** @throws ObjectNotFoundError when there is no such upload, or it is being completed or aborted. */
  async write(upload: StagedUpload, index: number, body: Readable): Promise<StoredPart> {
    const { uploadId, partSize } = upload;
    const folder = folderOrThrow(this.layout, uploadId);
    const length = partLength(upload, index);
    holdErrors(body);
    if (this.locked.has(uploadId)) throw ending(uploadId);
    const part: Part = { folder, index, offset: index * partSize, length, body };
    const leave = this.enter(uploadId, body);
    try {
      const isFirst = await translateErrors('store a part', () => claimPart(this.layout, folder, index));
      return { index, etag: await (isFirst ? this.writeInPlace(part) : this.writeBeside(part)) };
    } catch (error) {
      // The file that was missing is in the upload's folder.
      if (!(error instanceof StorageUnavailableError && isMissing(error.cause))) throw error;
      await this.checkMounted();
      throw new ObjectNotFoundError(`there is no upload ${uploadId}`, { cause: error });
    } finally {
      leave();
    }
  }

  /**
   * Runs `work` while this process writes no part. Writes that are still running are stopped and waited for first, so that their senders
   * need not end what nobody wants any more. Those of other processes go on: see `seal`.
   */
  async withoutWrites<T>(uploadId: string, work: () => Promise<T>): Promise<T> {
    this.locked.add(uploadId);
    try {
      const running = [...(this.running.get(uploadId) ?? [])];
      for (const { body } of running) body.destroy(ending(uploadId));
      await Promise.all(running.map(({ ended }) => ended));
      return await work();
    } finally {
      this.locked.delete(uploadId);
    }
  }

  /**
   * Copies those of these parts that are repetitions to their places in the sealed data file. The marks that become wrong are removed first;
   * the repetitions stay, so that after a crash it can be done again.
   */
  async place(sealed: string, partSize: number, files: readonly PartFile[]): Promise<void> {
    const folder = path.dirname(sealed);
    const repeated = files.filter((file) => !file.isPlaced);
    if (repeated.length === 0) return;
    const indexes = new Set(repeated.map((file) => file.index));
    for (const file of await listPartFiles(folder)) {
      if (file.isPlaced && indexes.has(file.index)) await unlink(path.join(folder, file.name));
    }
    await this.folderSync.sync(folder);
    const data = await open(sealed, 'r+');
    try {
      for (const file of repeated) await copyInto(data, file.index * partSize, path.join(folder, file.name));
      await data.datasync();
    } finally {
      await data.close();
    }
  }

  /** Returns a function that says that the write has ended. */
  private enter(uploadId: string, body: Readable): () => void {
    const writes = this.running.get(uploadId) ?? new Set();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const write: RunningWrite = { body, ended };
    this.running.set(uploadId, writes.add(write));
    return () => {
      writes.delete(write);
      if (writes.size === 0 && this.running.get(uploadId) === writes) this.running.delete(uploadId);
      resolve();
    };
  }

  private async writeInPlace({ folder, index, offset, length, body }: Part): Promise<string> {
    const etag = randomBytes(16).toString('hex');
    let isPlaced = false;
    try {
      const data = await translateErrors('open a staged upload', () => open(dataFile(folder), 'r+'));
      try {
        await writeStream(chunksOfPart(body, length), data, offset);
        // Until the caller knows the etag, the mark proves nothing; so it need not wait for the bytes.
        await translateErrors('store a part', async () => {
          await withNewFile(path.join(folder, `${index}-${etag}.placed`), async () => {});
          isPlaced = true;
          await waitForAll([data.datasync(), this.folderSync.sync(folder)]);
        });
        return etag;
      } finally {
        await data.close();
      }
    } finally {
      // Not before the file is closed: until then its bytes may change.
      if (!isPlaced) await releasePart(folder, index);
    }
  }

  private async writeBeside({ folder, index, length, body }: Part): Promise<string> {
    const draft = this.layout.temporaryFile();
    const etag = randomBytes(16).toString('hex');
    const file = await translateErrors('create a temporary file', () => open(draft, 'wx', 0o600));
    try {
      try {
        await writeStream(chunksOfPart(body, length), file, 0);
        await translateErrors('store a part', () => file.datasync());
      } finally {
        await file.close();
      }
      await translateErrors('store a part', async () => {
        await rename(draft, path.join(folder, `${index}-${etag}.part`));
        await this.folderSync.sync(folder);
        await removeOlder(folder, index, etag);
      });
      return etag;
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

/** @throws ObjectNotFoundError for what cannot be the id of an upload. */
export function folderOrThrow(layout: Layout, uploadId: string): string {
  const folder = layout.upload(uploadId);
  if (folder === undefined) throw unknownUpload(uploadId);
  return folder;
}

export function unknownUpload(uploadId: string): ObjectNotFoundError {
  return new ObjectNotFoundError(`there is no upload ${JSON.stringify(uploadId)}`);
}

function ending(uploadId: string): ObjectNotFoundError {
  return new ObjectNotFoundError(`the upload ${uploadId} is being ended and takes no more parts`);
}

async function listPartFiles(folder: string): Promise<PartFile[]> {
  const files: PartFile[] = [];
  for (const name of await readdir(folder)) {
    const [, index, etag, kind] = MARK.exec(name) ?? [];
    if (index && etag) files.push({ name, index: Number(index), etag, isPlaced: kind === 'placed' });
  }
  return files;
}

/** Resolves to the file of each part, in order. @throws PartMismatchError for a write that never ended or was replaced. */
export async function findPartFiles(folder: string, parts: readonly StoredPart[]): Promise<PartFile[]> {
  const files = await listPartFiles(folder);
  const byWrite = new Map(files.map((file) => [`${file.index}-${file.etag}`, file]));
  const found = parts.flatMap(({ index, etag }) => byWrite.get(`${index}-${etag}`) ?? []);
  if (found.length === parts.length) return found;
  const missing = parts
    .filter(({ index, etag }) => !byWrite.has(`${index}-${etag}`))
    .map(({ index }) => index);
  throw new PartMismatchError(
    `the bytes of part ${missing.slice(0, 20)} are not stored, or no longer: send them again`,
    parts.length,
    found.length,
  );
}

/** The last write wins; without this, repeating one part again and again would fill the disk. */
async function removeOlder(folder: string, index: number, etag: string): Promise<void> {
  for (const file of await listPartFiles(folder)) {
    if (file.index === index && file.etag !== etag && !file.isPlaced)
      await unlink(path.join(folder, file.name));
  }
}

async function copyInto(target: FileHandle, offset: number, source: string): Promise<void> {
  const from = await open(source, 'r');
  try {
    await writeStream(from.createReadStream({ autoClose: false, highWaterMark: COPY_BYTES }), target, offset);
  } finally {
    await from.close();
  }
}
