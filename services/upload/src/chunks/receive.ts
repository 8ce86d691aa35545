import { pipeline, type Readable, Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ObjectStore, StagedUpload, StoredPart } from '@lazyphotos/object-storage';
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
export async function storeChunk(
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
    if ((error as { code?: unknown }).code !== 'part_mismatch') throw error;
    throw wrongLength(chunkSpan({ sizeBytes: upload.size, chunkSize: upload.partSize }, index).length);
  }
}

/** Reads a body to its end without keeping it, so that the connection can be used again. */
export async function drain(body: Readable): Promise<void> {
  body.resume();
  await finished(body, { writable: false });
}
