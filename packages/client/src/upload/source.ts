import { createHash } from 'node:crypto';
import { type PathLike, createReadStream } from 'node:fs';

/** Gives any part of a file, as often as asked. `end` is exclusive. */
export interface RangeSource {
  open(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** A path may be bytes: file names that are not UTF-8 have no text. */
export type UploadSource = { path: PathLike } | RangeSource;

/** Chunks are sent as they are read; this much of each is in memory. */
const READ_BYTES = 256 * 1024;

export function rangeSource(source: UploadSource): RangeSource {
  if ('open' in source) return source;
  const { path } = source;
  return { open: (start, end) => createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES }) };
}

export interface Chunk {
  offset: number;
  length: number;
}

/** The chunks of a file that are not wholly among `received`, in file order. */
export function missingChunks(sizeBytes: number, chunkSize: number, received: readonly Chunk[]): Chunk[] {
  const ranges = received.toSorted((a, b) => a.offset - b.offset);
  const missing: Chunk[] = [];
  for (let offset = 0; offset < sizeBytes; offset += chunkSize) {
    const length = Math.min(chunkSize, sizeBytes - offset);
    if (!isCovered(ranges, offset, offset + length)) missing.push({ offset, length });
  }
  return missing;
}

/** `ranges` are sorted by offset; a node may answer neighbours apart or joined. */
function isCovered(ranges: readonly Chunk[], start: number, end: number): boolean {
  let reached = start;
  for (const { offset, length } of ranges) {
    if (offset > reached) break;
    reached = Math.max(reached, offset + length);
    if (reached >= end) return true;
  }
  return false;
}

/**
 * The SHA-256 of a file in lower-case hex, read as a stream. Rejects with the signal's reason when aborted. `onRead` is told how many
 * bytes have been read so far.
 */
export async function sha256File(
  path: PathLike,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  // Large reads: hashing is bound by the disk, and each read costs a trip through the thread pool.
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
    onRead?.(bytes);
  }
  return hash.digest('hex');
}
