import { partCount, partLength, type UploadShape } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';

export interface ByteSpan {
  offset: number;
  length: number;
}

/** S3 takes 10,000 parts. */
const MAX_CHUNKS = 9000;
/** Common proxies let requests of up to 100 MB through. */
const MAX_CHUNK_BYTES = 95 * 1000 ** 2;
/** No larger file can be sent in chunks. */
export const MAX_FILE_BYTES = MAX_CHUNKS * MAX_CHUNK_BYTES;

/** Returns the chunk size of a new session: the usual one, or as much more as a large file needs. */
export const chunkSizeFor = (sizeBytes: number, usual: number): number =>
  Math.max(usual, Math.ceil(sizeBytes / MAX_CHUNKS));

export interface Progress {
  received: ByteSpan[];
  missing: ByteSpan[];
  /** The first byte that is missing; the size when nothing is. */
  nextOffset: number;
}

/** Returns which bytes of a file are stored, from the indexes of its stored chunks. */
export function progressOf(shape: UploadShape, indexes: readonly number[]): Progress {
  const stored = new Set(indexes);
  const received: ByteSpan[] = [];
  const missing: ByteSpan[] = [];
  for (let index = 0; index < partCount(shape); index += 1) {
    const spans = stored.has(index) ? received : missing;
    const offset = index * shape.partSize;
    const length = partLength(shape, index);
    const last = spans.at(-1);
    if (last && last.offset + last.length === offset) last.length += length;
    else spans.push({ offset, length });
  }
  return { received, missing, nextOffset: missing[0]?.offset ?? shape.size };
}

/** The problem of a chunk that does not have its exact length. */
export function wrongLength(shape: UploadShape, index: number): ProblemError {
  const expectedLength = partLength(shape, index);
  return new ProblemError('offset_mismatch', `This chunk must be ${expectedLength} bytes long.`, {
    members: { expectedLength },
  });
}
