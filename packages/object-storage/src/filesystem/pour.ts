import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { chunksOf } from '../sources.js';
import { storing } from './faults.js';

/** Bytes gathered for one write: fewer trips to the thread pool than a write a network packet. */
const BATCH = 256 * 1024;

/**
 * Writes a stream into the file from `position` on and resolves with the number of bytes. `inspect` sees each chunk and
 * the running total first and may throw, and then the chunk is not written. At most two batches are held: one being
 * written while the next one fills. The stream's own failure is thrown as it is, and a stream that was not read to its
 * end is left to the caller, who may want to answer on its connection first.
 */
export async function pour(
  body: Readable | Buffer,
  file: FileHandle,
  position: number,
  inspect: (chunk: Buffer, total: number) => void,
): Promise<number> {
  let total = 0;
  let batch: Buffer[] = [];
  let gathered = 0;
  let writing: Promise<void> = Promise.resolve();

  const flush = async (): Promise<void> => {
    await writing;
    const chunks = batch;
    const at = position + total - gathered;
    writing = storing('write a file', () => writeAll(file, chunks, at));
    // It is awaited by the next flush; until then a failure must not count as unhandled.
    writing.catch(() => {});
    batch = [];
    gathered = 0;
  };

  try {
    for await (const chunk of chunksOf(body)) {
      inspect(chunk, total + chunk.length);
      total += chunk.length;
      batch.push(chunk);
      gathered += chunk.length;
      if (gathered >= BATCH) await flush();
    }
    if (gathered > 0) await flush();
    await writing;
    return total;
  } finally {
    // Nobody may close the file under a running write.
    await writing.catch(() => {});
  }
}

/** A nearly full disk takes less than it is given, so what remains is offered until it is taken or refused. */
async function writeAll(file: FileHandle, chunks: Buffer[], position: number): Promise<void> {
  let rest = chunks;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = withoutFirst(rest, bytesWritten);
  }
}

function withoutFirst(chunks: Buffer[], bytes: number): Buffer[] {
  let skipped = 0;
  for (const [index, chunk] of chunks.entries()) {
    if (skipped + chunk.length > bytes) {
      return [chunk.subarray(bytes - skipped), ...chunks.slice(index + 1)];
    }
    skipped += chunk.length;
  }
  return [];
}
