import type { Readable } from 'node:stream';
import { PartMismatchError } from './errors.js';

/**
 * A stream that fails before it is read (the file is being opened, the host name resolved) would end the process, because nothing
 * listens for its error. The error is not lost: reading a failed stream throws it.
 */
export function holdErrors(body: Readable): void {
  body.on('error', () => {});
}

/** Yields the bytes of a source. A stream that is not read to its end is not destroyed: see ObjectStore. */
export async function* chunksOf(body: Readable | Buffer): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) {
    yield body;
    return;
  }
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
  }
}

/** Yields the bytes of a part or object. @throws PartMismatchError unless there are exactly `length` */
export async function* chunksOfPart(body: Readable | Buffer, length: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of chunksOf(body)) {
    total += chunk.length;
    if (total > length)
      throw new PartMismatchError(`there are ${total} bytes or more, not ${length}`, length, total);
    yield chunk;
  }
  if (total !== length) throw new PartMismatchError(`there are ${total} bytes, not ${length}`, length, total);
}

/** Yields the same chunks, gathered to batches of at least `size` bytes; the last one may be smaller. */
export async function* batchesOf(chunks: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    batch.push(chunk);
    bytes += chunk.length;
    if (bytes < size) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (bytes > 0) yield batch;
}
