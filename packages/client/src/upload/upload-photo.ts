import type { AnnouncedDateSource, PhotoLifeState } from '@lazyphotos/contracts';
import pLimit from 'p-limit';
import type { Client } from '../client.js';
import { hasCode } from '../errors.js';
import { linkedAbort } from '../transport.js';
import type { BinaryBody } from '../types.js';
import { type Chunk, type RangeSource, type UploadSource, missingChunks, rangeSource } from './source.js';

export interface PhotoToUpload {
  source: UploadSource;
  /** SHA-256, 64 lower-case hexadecimal digits. */
  hash: string;
  sizeBytes: number;
  mimeType: string;
  fileName?: string | undefined;
  /** RFC 3339. The node uses it when the file itself names no date. */
  capturedAt?: string | undefined;
  /** Where it comes from; `client` when absent. */
  capturedAtSource?: AnnouncedDateSource | undefined;
  width?: number | undefined;
  height?: number | undefined;
  locationLat?: number | undefined;
  locationLon?: number | undefined;
  deviceId?: string | undefined;
  /** Bring it back if it is in the trash or was removed for good. */
  restore?: boolean | undefined;
}

export interface UploadProgress {
  /** Bytes that the node has, or that are on the way to it. Goes back when a chunk has to be repeated. */
  sentBytes: number;
  totalBytes: number;
}

export interface UploadOptions {
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Stops sending; the session stays open, so that a later call continues it. */
  signal?: AbortSignal | undefined;
}

export type UploadResult =
  | { outcome: 'uploaded'; photoId: string /** Found there from an earlier attempt. */; resumedBytes: number }
  | { outcome: 'existing'; photoId: string | undefined; photoState: PhotoLifeState };

/** Chunks of one file on the way at once: one is read while the other is acknowledged. */
const PARALLEL_CHUNKS = 2;
/** How often `complete` may find chunks missing before that is taken for a fault of the node. */
const MAX_ROUNDS = 3;
/** The node reads the whole file again to verify it. */
const COMPLETE_TIMEOUT_MS = 600_000;

/** The session ended while we were using it. */
class SessionGoneError extends Error {}

const isSessionGone = (error: unknown): boolean =>
  error instanceof SessionGoneError || hasCode(error, 'not_found', 'upload_ended');

/**
 * Uploads one photo, or continues where an earlier attempt stopped, on this device or another one.
 *
 * @throws ApiError when the node refuses it (`hash_mismatch`, `unsupported_media_type`, `payload_too_large`, …),
 * SourceChangedError when the file is shorter than announced, NetworkError, SessionEndedError.
 */
export async function uploadPhoto(
  client: Client,
  photo: PhotoToUpload,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const { source, ...announcement } = photo;
  for (let startedAnew = false; ; startedAnew = true) {
    const session = await client.createUploadSession({ body: announcement }, { signal: options.signal });
    if (session.alreadyExists) {
      return { outcome: 'existing', photoId: session.photoId, photoState: session.photoState ?? 'active' };
    }
    try {
      return await sendPhoto(
        { client, sessionId: session.uploadSessionId, photo, source: rangeSource(source), ...options },
        session,
      );
    } catch (error) {
      if (startedAnew || !isSessionGone(error)) throw error;
    }
  }
}

interface Sending extends UploadOptions {
  client: Client;
  sessionId: string;
  photo: PhotoToUpload;
  source: RangeSource;
}

interface Arrived {
  chunkSize: number;
  received: readonly Chunk[];
}

const bytesIn = (chunks: readonly Chunk[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

async function sendPhoto(
  sending: Sending,
  opened: { chunkSize: number; nextOffset: number },
): Promise<UploadResult> {
  const { client, sessionId, photo, signal } = sending;
  // Of a file of one chunk the first missing byte tells everything.
  let arrived: Arrived =
    photo.sizeBytes <= opened.chunkSize
      ? { chunkSize: opened.chunkSize, received: [{ offset: 0, length: opened.nextOffset }] }
      : await askArrived(sending);
  const resumedBytes = bytesIn(arrived.received);
  for (let round = 1; ; round++) {
    try {
      await sendMissing(sending, arrived);
      const { photoId } = await client.completeUpload(
        { params: { id: sessionId } },
        { signal, idleTimeoutMs: COMPLETE_TIMEOUT_MS },
      );
      return { outcome: 'uploaded', photoId, resumedBytes };
    } catch (error) {
      if (round === MAX_ROUNDS || !hasCode(error, 'upload_incomplete', 'offset_mismatch')) throw error;
    }
    arrived = await askArrived(sending);
  }
}

async function askArrived({ client, sessionId, signal }: Sending): Promise<Arrived> {
  const session = await client.getUploadSession({ params: { id: sessionId } }, { signal });
  if (session.status !== 'open' && session.status !== 'completed')
    throw new SessionGoneError(`the session is ${session.status}`);
  return session;
}

async function sendMissing(sending: Sending, arrived: Arrived): Promise<void> {
  const { photo, onProgress } = sending;
  const missing = missingChunks(photo.sizeBytes, arrived.chunkSize, arrived.received);
  const there = photo.sizeBytes - bytesIn(missing);
  const onTheWay = new Map<number, number>();
  const report = () => {
    const sent = [...onTheWay.values()].reduce((sum, bytes) => sum + bytes, there);
    onProgress?.({ sentBytes: sent, totalBytes: photo.sizeBytes });
  };
  const stop = linkedAbort(sending.signal);
  const limit = pLimit(PARALLEL_CHUNKS);
  const send = async (chunk: Chunk) => {
    try {
      stop.signal.throwIfAborted();
      await sendChunk({ ...sending, signal: stop.signal }, chunk, (bytes) => {
        onTheWay.set(chunk.offset, bytes);
        report();
      });
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  report();
  // All are waited for, also after a failure: nothing of this photo is being read or sent once the call has ended.
  await Promise.allSettled(missing.map((chunk) => limit(send, chunk)));
  stop.unlink();
  stop.signal.throwIfAborted();
}

async function sendChunk(
  sending: Sending,
  { offset, length }: Chunk,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { client, sessionId, source, signal } = sending;
  const body: BinaryBody = {
    length,
    async *open() {
      let read = 0;
      onBytes(0);
      for await (const piece of source.open(offset, offset + length)) {
        read += piece.byteLength;
        onBytes(Math.min(read, length));
        yield piece;
      }
    },
  };
  await client.putChunk({ params: { id: sessionId }, query: { offset }, body }, { signal });
}
