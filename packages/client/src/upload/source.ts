import { createHash } from 'node:crypto';
import { createReadStream, type PathLike } from 'node:fs';

/** Opens any part of a file, any number of times. `end` is exclusive. */
export interface RangeSource {
  open(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** A path may be bytes, because a file name that is not UTF-8 has no text. */
export type UploadSource = { path: PathLike } | RangeSource;

/** Chunks are sent while they are read; this much of each is in memory. */
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

/** Returns the chunks of a file that are not completely in `received`, in the order of the file. */
export function missingChunks(sizeBytes: number, chunkSize: number, received: readonly Chunk[]): Chunk[] {
  const ranges = received.toSorted((a, b) => a.offset - b.offset);
  const missing: Chunk[] = [];
  for (let offset = 0; offset < sizeBytes; offset += chunkSize) {
    const length = Math.min(chunkSize, sizeBytes - offset);
    if (!isCovered(ranges, offset, offset + length)) missing.push({ offset, length });
  }
  return missing;
}

/** `ranges` are sorted by offset. A node may return adjacent ranges separately or merged. */
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
 * Resolves to the SHA-256 of a file in lower-case hex. Rejects with the reason of the signal after an abort. `onRead` gets the number of
 * bytes that have been read so far.
 */
export async function sha256File(
  path: PathLike,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  // The disk limits the speed, and each read uses the thread pool, so reads are large.
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
    onRead?.(bytes);
  }
  return hash.digest('hex');
}
