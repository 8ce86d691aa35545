import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ObjectNotFoundError, PartMismatchError, StorageUnavailableError } from '../errors.js';
import { partLength } from '../parts.js';
import type { StagedUpload, StoredPart } from '../port.js';
import { holdErrors } from '../sources.js';
import { type FolderSync, withNewFile } from './durable.js';
import { everything, isMissing, storing } from './faults.js';
import { listPartFiles, placedName, repeatedName } from './part-files.js';
import type { PartWriters } from './part-writers.js';
import { pour } from './pour.js';
import type { TemporaryFiles } from './temporary-files.js';

interface Tools {
  temporary: TemporaryFiles;
  folderSync: FolderSync;
  writers: PartWriters;
  /** Tells a missing upload from a missing disk. */
  checkMounted(): Promise<void>;
}

/** A part on its way: where it goes and how long it has to be. */
interface Part {
  folder: string;
  index: number;
  offset: number;
  length: number;
  body: Readable;
}

export type WritePart = (
  folder: string,
  upload: StagedUpload,
  index: number,
  body: Readable,
) => Promise<StoredPart>;

/** The first write of a part goes straight to its place in the upload's data file, a repetition into a file of its own. */
export function createPartWriting({ temporary, folderSync, writers, checkMounted }: Tools): WritePart {
  async function writeInPlace({ folder, index, offset, length, body }: Part): Promise<string> {
    const data = await storing('open a staged upload', () => open(path.join(folder, 'data'), 'r+'));
    try {
      await pourExactly(data, offset, length, body);
      const etag = randomBytes(16).toString('hex');
      // Until the caller knows the etag, the mark proves nothing; so it need not wait for the bytes.
      await storing('store a part', async () => {
        await withNewFile(path.join(folder, placedName(index, etag)), async () => {});
        await everything([data.datasync(), folderSync.sync(folder)]);
      });
      return etag;
    } finally {
      await data.close();
    }
  }

  async function writeBeside({ folder, index, length, body }: Part): Promise<string> {
    const draft = temporary.path();
    const etag = randomBytes(16).toString('hex');
    try {
      const file = await storing('create a temporary file', () => open(draft, 'wx', 0o600));
      try {
        await pourExactly(file, 0, length, body);
        await storing('store a part', () => file.datasync());
      } finally {
        await file.close();
      }
      await storing('store a part', async () => {
        await rename(draft, path.join(folder, repeatedName(index, etag)));
        await folderSync.sync(folder);
        await removeOlder(folder, index, etag);
      });
      return etag;
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  return async (folder, upload, index, body) => {
    const length = partLength(upload, index);
    const part: Part = { folder, index, offset: index * upload.partSize, length, body };
    holdErrors(body);
    const writer = writers.enter(upload.uploadId, index, body);
    try {
      const known = await storing('read a staged upload', () => listPartFiles(folder));
      if (writer.alone && !known.some((file) => file.index === index)) {
        return { index, etag: await writeInPlace(part) };
      }
      writer.leaveDataFile();
      return { index, etag: await writeBeside(part) };
    } catch (error) {
      if (!isGone(error)) throw error;
      await checkMounted();
      throw new ObjectNotFoundError(`there is no upload ${upload.uploadId}`, { cause: error });
    } finally {
      writer.leaveDataFile();
    }
  };
}

/** Never writes a byte beyond the part: the neighbour's begin there. */
async function pourExactly(file: FileHandle, offset: number, length: number, body: Readable): Promise<void> {
  const mismatch = (actual: number): PartMismatchError =>
    new PartMismatchError(`the part has ${actual} bytes or more, not ${length}`, length, actual);
  const received = await pour(body, file, offset, (_chunk, total) => {
    if (total > length) throw mismatch(total);
  });
  if (received !== length) {
    throw new PartMismatchError(`the part has ${received} bytes, not ${length}`, length, received);
  }
}

/** The last write wins; without this, repeating one part for ever would fill the disk. */
async function removeOlder(folder: string, index: number, etag: string): Promise<void> {
  for (const file of await listPartFiles(folder)) {
    if (file.index === index && file.etag !== etag && !file.placed)
      await unlink(path.join(folder, file.name));
  }
}

/** `storing` has made a StorageUnavailableError of it; the upload's folder is what was missing. */
function isGone(error: unknown): boolean {
  return error instanceof StorageUnavailableError && isMissing(error.cause);
}
