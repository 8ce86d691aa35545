import { pipeline, type Readable, Transform } from 'node:stream';
import {
  isObjectStoreError,
  type ObjectStore,
  type StagedUpload,
  type StoredPart,
} from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import { type ChunkLayout, chunkSpan } from './layout.js';

/** Sees every byte on its way through. */
export interface ByteObserver {
  update(bytes: Uint8Array): void;
}

const wrongLength = (expectedLength: number) =>
  new ProblemError('offset_mismatch', `This chunk must be ${expectedLength} bytes long.`, {
    members: { expectedLength },
  });

/** @throws ProblemError `offset_mismatch` when the announced length is not that of the chunk */
export function checkLength(contentLength: string | undefined, layout: ChunkLayout, index: number): void {
  const { length } = chunkSpan(layout, index);
  if (contentLength !== undefined && Number(contentLength) !== length) throw wrongLength(length);
}

/** Streams a chunk's body into the store. Nothing counts unless it has exactly the right length. */
export async function writeChunk(
  store: ObjectStore,
  upload: StagedUpload,
  index: number,
  body: Readable,
  observers: readonly ByteObserver[],
): Promise<StoredPart> {
  const observe = new Transform({
    transform: (bytes: Buffer, _encoding, done) => {
      for (const observer of observers) observer.update(bytes);
      done(null, bytes);
    },
  });
  // The callback form does not destroy the request on success, and hands its errors on to the reader.
  const observed = pipeline(body, observe, () => undefined);
  try {
    return await store.writePart(upload, index, observed);
  } catch (error) {
    if (!isObjectStoreError(error, 'part_mismatch')) throw error;
    throw wrongLength(chunkSpan({ sizeBytes: upload.size, chunkSize: upload.partSize }, index).length);
  }
}

/**
 * Reads a chunk that is stored already to its end, so that the connection can be used again. Nothing of it is kept, but a repeat
 * that could not have been stored must not be called stored.
 * @throws ProblemError `offset_mismatch`, and what `observers` find
 */
export async function skipChunk(
  body: Readable,
  layout: ChunkLayout,
  index: number,
  observers: readonly ByteObserver[],
): Promise<void> {
  const { length } = chunkSpan(layout, index);
  let received = 0;
  for await (const bytes of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += bytes.length;
    if (received > length) break;
    for (const observer of observers) observer.update(bytes);
  }
  if (received !== length) throw wrongLength(length);
}
