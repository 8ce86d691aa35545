import { type FileHandle, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { FolderSync } from './durable.js';
import { listPartFiles, type PartFile } from './part-files.js';

const COPY_SIZE = 256 * 1024;

/**
 * Copies those of the chosen parts that are repetitions to their places in the data file. Marks that cease to be true go first;
 * the repetitions themselves stay, so that a crash in between only means doing it again.
 */
export async function placeRepeated(
  folder: string,
  partSize: number,
  chosen: readonly PartFile[],
  folderSync: FolderSync,
): Promise<void> {
  const repeated = chosen.filter((file) => !file.placed);
  if (repeated.length === 0) return;
  const indexes = new Set(repeated.map((file) => file.index));
  for (const file of await listPartFiles(folder)) {
    if (file.placed && indexes.has(file.index)) await unlink(path.join(folder, file.name));
  }
  await folderSync.sync(folder);
  const data = await open(path.join(folder, 'data'), 'r+');
  try {
    for (const file of repeated) await copyInto(data, file.index * partSize, path.join(folder, file.name));
    await data.datasync();
  } finally {
    await data.close();
  }
}

async function copyInto(target: FileHandle, offset: number, source: string): Promise<void> {
  const buffer = Buffer.allocUnsafe(COPY_SIZE);
  const from = await open(source, 'r');
  try {
    for (let position = 0; ; ) {
      const { bytesRead } = await from.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      let written = 0;
      while (written < bytesRead) {
        const at = offset + position + written;
        written += (await target.write(buffer, written, bytesRead - written, at)).bytesWritten;
      }
      position += bytesRead;
    }
  } finally {
    await from.close();
  }
}
