import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { partLength } from '@lazyphotos/object-storage';
import { beginsAsJpeg, JPEG_START_BYTES } from '@lazyphotos/photo-type';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { attributesOf, shapeOf, uploadEnded } from '../sessions/sessions.js';
import { wrongLength } from './progress.js';

/** Gets every byte of a chunk while it passes. */
export interface ByteObserver {
  update(bytes: Uint8Array): void;
}

/** A check that the bytes are the announced ones. */
export interface DigestCheck extends ByteObserver {
  /** @throws ProblemError `chunk_digest_mismatch` */
  verify(): void;
}

/** The tag of a chunk that is not the announced file. Nothing of it is stored; the completion refuses it. */
export const WRONG_HASH = 'wrong-hash';
/** The tag of a stored JPEG, which its first bytes have shown while they passed. Other types may show only in the whole file. */
export const JPEG = 'image/jpeg';

/** Keeps the first bytes of a file, which may come one by one. */
class FileStart implements ByteObserver {
  #bytes = Buffer.alloc(0);

  update(bytes: Uint8Array): void {
    const missing = JPEG_START_BYTES - this.#bytes.length;
    if (missing > 0) this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, missing)]);
  }

  isJpeg(): Promise<boolean> {
    return beginsAsJpeg(this.#bytes);
  }
}

class WrongHashError extends Error {}

/**
 * Stores a file of one chunk. It becomes the object at once, without a staged upload: the object is not visible to clients before the
 * session is completed, and its bytes are compared with the announced hash first, so that no request can replace a file with another one.
 * @throws ProblemError `offset_mismatch` for another length, `upload_ended`, and what `digest` finds
 */
export async function storeWhole(
  context: UploadContext,
  session: UploadSession,
  body: Readable,
  digest?: DigestCheck,
): Promise<void> {
  const { store, sessions } = context;
  let tag = session.hash;
  const start = new FileStart();
  const bytes = Readable.from(verified(context, session, body, digest, start), { objectMode: false });
  const stop = () => body.destroy();
  await sessions.whileSending(session, stop, async () => {
    try {
      const size = Number(session.sizeBytes);
      await store.put(session.storageKey, bytes, attributesOf(session), { size });
      if (await start.isJpeg()) tag = JPEG;
    } catch (error) {
      if (!(error instanceof WrongHashError)) throw error;
      tag = WRONG_HASH;
    } finally {
      // Releases the request when the store has stopped reading.
      bytes.destroy();
    }
  });
  if (await sessions.recordChunk(session.id, 0, tag)) return;
  const ended = await sessions.discardLate(session);
  if (ended.status !== 'completed') throw uploadEnded(ended);
}

/**
 * Yields the bytes of a file. The last ones come only when all have the announced length and hash: what was not read to its end, a store
 * does not make an object of.
 */
async function* verified(
  { metrics }: UploadContext,
  session: UploadSession,
  body: Readable,
  digest: DigestCheck | undefined,
  start: ByteObserver,
): AsyncGenerator<Buffer> {
  const shape = shapeOf(session);
  const length = partLength(shape, 0);
  const hash = createHash('sha256');
  let received = 0;
  let last: Buffer | undefined;
  for await (const bytes of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += bytes.length;
    if (received > length) throw wrongLength(shape, 0);
    metrics.bytes.inc(bytes.length);
    hash.update(bytes);
    start.update(bytes);
    digest?.update(bytes);
    if (last) yield last;
    last = bytes;
  }
  if (received !== length) throw wrongLength(shape, 0);
  digest?.verify();
  if (hash.digest('hex') !== session.hash) throw new WrongHashError();
  if (last) yield last;
}
