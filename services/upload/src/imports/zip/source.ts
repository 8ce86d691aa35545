import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { ArchiveError } from './errors.js';

/** Where an archive's bytes are. Ranges are inclusive, as in ObjectStore. */
export interface ArchiveSource {
  /** bytes */
  size: number;
  /** The caller consumes or destroys the stream. */
  read(start: number, end: number): Promise<Readable>;
  close(): Promise<void>;
}

const changed = (): ArchiveError =>
  new ArchiveError('archive_changed', 'The archive has changed since the import began.');

/** An archive in the object store. Its reads fail with the errors of the store. */
export function storedArchive(store: ObjectStore, key: string, size: number): ArchiveSource {
  return {
    size,
    read: async (start, end) => {
      const { info, body } = await store.get(key, { start, end });
      if (info.size === size) return body;
      body.destroy();
      throw changed();
    },
    close: async () => undefined,
  };
}

const READ_BYTES = 256 * 1024;

async function* bytesOf(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position <= end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end + 1 - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw changed();
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

const isSame = (stats: Stats, expected: { size: number; modifiedAt: Date }): boolean =>
  stats.size === expected.size && stats.mtime.getTime() === expected.modifiedAt.getTime();

async function openFile(path: string): Promise<FileHandle> {
  try {
    // A FIFO would block the open until a process writes to it; O_NONBLOCK lets the check below refuse it.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new ArchiveError('archive_missing', 'The archive is not there any more.', { cause });
    if (code === 'ELOOP') throw new ArchiveError('not_an_archive', 'This is no regular file.', { cause });
    throw cause;
  }
}

/**
 * An archive in a file. `path` is absolute and has been checked to be below IMPORT_DIR; a symbolic link as its last part is refused.
 * @throws ArchiveError `archive_changed` when size or mtime are not the given ones, also while it is read; `archive_missing`
 */
export async function localArchive(
  path: string,
  expected?: { size: number; modifiedAt: Date },
): Promise<ArchiveSource> {
  const file = await openFile(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ArchiveError('not_an_archive', 'This is no regular file.');
    const known = expected ?? { size: stats.size, modifiedAt: stats.mtime };
    if (!isSame(stats, known)) throw changed();
    return {
      size: stats.size,
      read: async (start, end) => {
        if (!isSame(await file.stat(), known)) throw changed();
        return Readable.from(bytesOf(file, start, end), { objectMode: false });
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
