import type { AnnouncedDateSource, PhotoLifeState } from '@lazyphotos/contracts';
import pLimit from 'p-limit';
import type { Client } from '../client.js';
import { hasCode } from '../errors.js';
import { RequestAbort } from '../transport.js';
import type { BinaryBody } from '../types.js';
import { type Chunk, missingChunks, type RangeSource, rangeSource, type UploadSource } from './source.js';

export interface PhotoToUpload {
  source: UploadSource;
  /** SHA-256, 64 lower-case hexadecimal digits. */
  hash: string;
  sizeBytes: number;
  mimeType: string;
  fileName?: string | undefined;
  /** RFC 3339. The node uses it if the file contains no date. */
  capturedAt?: string | undefined;
  /** The source of `capturedAt`; `client` if absent. */
  capturedAtSource?: AnnouncedDateSource | undefined;
  width?: number | undefined;
  height?: number | undefined;
  locationLat?: number | undefined;
  locationLon?: number | undefined;
  deviceId?: string | undefined;
  /** Restore it if it is in the trash or was permanently removed. */
  restore?: boolean | undefined;
}

export interface UploadProgress {
  /** Bytes that the node has or that are in flight. It decreases when a chunk is repeated. */
  sentBytes: number;
  totalBytes: number;
}

export interface UploadOptions {
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Stops the transfer. The session stays open, so that a later call continues it. */
  signal?: AbortSignal | undefined;
}

export type UploadResult =
  | { outcome: 'uploaded'; photoId: string /** Bytes of an earlier attempt. */; resumedBytes: number }
  | { outcome: 'existing'; photoId: string | undefined; photoState: PhotoLifeState };

/** Chunks of one file in flight: one is read while the node confirms the other. */
const PARALLEL_CHUNKS = 2;
/** If `complete` finds missing chunks this often, the node is faulty. */
const MAX_ROUNDS = 3;
/** The node reads the whole file again to verify it. */
const COMPLETE_TIMEOUT_MS = 600_000;

/** The session ended during the upload. */
class SessionGoneError extends Error {}

const isSessionGone = (error: unknown): boolean =>
  error instanceof SessionGoneError || hasCode(error, 'not_found', 'upload_ended');

/**
 * Uploads one photo, or continues an earlier attempt of this device or another one.
 *
 * @throws ApiError if the node refuses it (`hash_mismatch`, `unsupported_media_type`, `payload_too_large`, …),
 * SourceChangedError if the file is shorter than announced, NetworkError, SessionEndedError.
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

interface Received {
  chunkSize: number;
  received: readonly Chunk[];
}

const bytesIn = (chunks: readonly Chunk[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

async function sendPhoto(
  sending: Sending,
  opened: { chunkSize: number; nextOffset: number },
): Promise<UploadResult> {
  const { client, sessionId, photo, signal } = sending;
  // For a file of one chunk, the first missing byte is all the information.
  let state: Received =
    photo.sizeBytes <= opened.chunkSize
      ? { chunkSize: opened.chunkSize, received: [{ offset: 0, length: opened.nextOffset }] }
      : await receivedChunks(sending);
  const resumedBytes = bytesIn(state.received);
  for (let round = 1; ; round++) {
    try {
      await sendMissing(sending, state);
      const { photoId } = await client.completeUpload(
        { params: { id: sessionId } },
        { signal, idleTimeoutMs: COMPLETE_TIMEOUT_MS },
      );
      return { outcome: 'uploaded', photoId, resumedBytes };
    } catch (error) {
      if (round === MAX_ROUNDS || !hasCode(error, 'upload_incomplete', 'offset_mismatch')) throw error;
    }
    state = await receivedChunks(sending);
  }
}

async function receivedChunks({ client, sessionId, signal }: Sending): Promise<Received> {
  const session = await client.getUploadSession({ params: { id: sessionId } }, { signal });
  if (session.status !== 'open' && session.status !== 'completed')
    throw new SessionGoneError(`the session is ${session.status}`);
  return session;
}

async function sendMissing(sending: Sending, state: Received): Promise<void> {
  const { photo, onProgress } = sending;
  const missing = missingChunks(photo.sizeBytes, state.chunkSize, state.received);
  const there = photo.sizeBytes - bytesIn(missing);
  const inFlight = new Map<number, number>();
  const report = () => {
    const sent = [...inFlight.values()].reduce((sum, bytes) => sum + bytes, there);
    onProgress?.({ sentBytes: sent, totalBytes: photo.sizeBytes });
  };
  const stop = new RequestAbort(sending.signal);
  const limit = pLimit(PARALLEL_CHUNKS);
  const send = async (chunk: Chunk) => {
    try {
      stop.signal.throwIfAborted();
      await sendChunk({ ...sending, signal: stop.signal }, chunk, (bytes) => {
        inFlight.set(chunk.offset, bytes);
        report();
      });
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  report();
  // Waits for all chunks, also after a failure: nothing of this photo may be read or sent after this call.
  await Promise.allSettled(missing.map((chunk) => limit(send, chunk)));
  stop.end();
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
