import { pipeline, type Readable, Transform } from 'node:stream';
import {
  isObjectStoreError,
  partLength,
  type StagedUpload,
  type StoredPart,
} from '@lazyphotos/object-storage';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { isWhole, shapeOf, uploadEnded } from '../sessions/sessions.js';
import { wrongLength } from './progress.js';
import { type ByteObserver, type DigestCheck, storeWhole } from './whole.js';

/**
 * Writes one chunk of an open session, and records it once it is durable.
 * @throws ProblemError `offset_mismatch` for another length, `upload_ended`, and what `digest` finds; StorageFullError before anything is
 * read when it would use the reserve of the disk
 */
export function storeChunk(
  context: UploadContext,
  session: UploadSession,
  index: number,
  body: Readable,
  digest?: DigestCheck,
): Promise<void> {
  const bytes = partLength(shapeOf(session), index);
  return context.room.whileWriting(bytes, () => store(context, session, index, body, digest));
}

async function store(
  context: UploadContext,
  session: UploadSession,
  index: number,
  body: Readable,
  digest: DigestCheck | undefined,
): Promise<void> {
  const { sessions } = context;
  if (isWhole(session)) return storeWhole(context, session, body, digest);
  try {
    await writeAndRecord(context, session, index, body, digest);
  } catch (error) {
    if (!isObjectStoreError(error, 'object_not_found')) throw error;
    // Another process may have stored the same chunk, and even completed the upload.
    if (await sessions.hasChunk(session.id, index)) return;
    // Otherwise the parts are lost: the session ends, so that the file can be announced again.
    const ended = await sessions.end(session, 'failed', 'parts_lost');
    if (ended.status !== 'completed') throw uploadEnded(ended);
  }
}

async function writeAndRecord(
  context: UploadContext,
  session: UploadSession,
  index: number,
  body: Readable,
  digest: DigestCheck | undefined,
): Promise<void> {
  const { sessions, prefixes, metrics } = context;
  const prefix = prefixes.begin(session.id, index);
  const upload = await sessions.stagedUpload(session);
  const counter: ByteObserver = { update: (bytes) => metrics.bytes.inc(bytes.length) };
  const observers = [counter, prefix, digest].filter((observer) => observer !== undefined);
  const part = await writePart(context, upload, index, body, observers);
  digest?.verify();
  if (await sessions.recordChunk(session.id, index, part.etag)) {
    prefix?.keep(part.etag);
    return;
  }
  const ended = await sessions.latest(session);
  // The file is whole: another process has stored the same chunk.
  if (ended.status !== 'completed') throw uploadEnded(ended);
}

async function writePart(
  { store }: UploadContext,
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
  // The callback form does not destroy the request on success, and passes its errors on to the reader.
  const observed = pipeline(body, observe, () => undefined);
  try {
    return await store.writePart(upload, index, observed);
  } catch (error) {
    throw isObjectStoreError(error, 'part_mismatch') ? wrongLength(upload, index) : error;
  }
}
