import type { IncomingMessage } from 'node:http';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadSession } from '../prisma.js';
import { endedSince, uploadEnded } from '../sessions/ended.js';
import type { SessionRepository } from '../sessions/repository.js';
import { layoutOf, type Staging } from '../sessions/staging.js';
import { digestCheck } from './content-digest.js';
import { chunkIndexAt, progressOf } from './layout.js';
import type { PrefixHashes } from './prefix-hash.js';
import { type ByteObserver, checkLength, skipChunk, storeChunk } from './receive.js';
import type { ChunkTurns } from './turns.js';

export interface PutChunkDeps {
  store: ObjectStore;
  sessions: SessionRepository;
  staging: Staging;
  prefixes: PrefixHashes;
  chunkTurns: ChunkTurns;
  onBytes: (count: number) => void;
}

export type PutChunk = (session: UploadSession, offset: number, req: IncomingMessage) => Promise<void>;

function checkContent(req: IncomingMessage): void {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/octet-stream') {
    throw new ProblemError('unsupported_media_type', 'Chunks are sent as application/octet-stream.');
  }
  if (req.headers['content-encoding'] !== undefined && req.headers['content-encoding'] !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Chunks are sent without Content-Encoding.');
  }
}

/** A client that went away hears no answer, and its going is no fault that anybody should look into. */
function asClientFault(req: IncomingMessage, error: unknown): unknown {
  const isGone = req.destroyed && !req.complete && !(error instanceof ProblemError);
  return isGone ? new ProblemError('invalid_request', 'The connection was lost.') : error;
}

/** Stores one chunk. A chunk that is there already is never written again, so what was hashed stays what is stored. */
export function createPutChunk(deps: PutChunkDeps): PutChunk {
  const { store, sessions, staging, prefixes, chunkTurns, onBytes } = deps;

  const offsetMismatch = async (session: UploadSession): Promise<ProblemError> => {
    const layout = layoutOf(session);
    const chunks = await sessions.chunks(session.id);
    const { nextOffset } = progressOf(
      layout,
      chunks.map((chunk) => chunk.index),
    );
    return new ProblemError('offset_mismatch', 'Chunks start at multiples of chunkSize, inside the file.', {
      members: { expectedOffset: nextOffset, ...layout },
    });
  };

  const skip = async (session: UploadSession, index: number, req: IncomingMessage): Promise<void> => {
    const digest = digestCheck(req.headers['content-digest'] as string | undefined);
    await skipChunk(req, layoutOf(session), index, digest ? [digest] : []);
    digest?.verify();
  };

  const write = async (session: UploadSession, index: number, req: IncomingMessage): Promise<void> => {
    const digest = digestCheck(req.headers['content-digest'] as string | undefined);
    const prefix = prefixes.begin(session.id, index);
    const upload = await staging.ensure(session);
    const counter: ByteObserver = { update: (bytes) => onBytes(bytes.length) };
    const observers = [counter, prefix, digest].filter((observer) => observer !== undefined);
    const part = await storeChunk(store, upload, index, req, observers);
    digest?.verify();
    if (!(await sessions.recordChunk(session.id, index, part.etag)))
      throw await endedSince(sessions, session);
    prefix?.keep(part.etag);
  };

  /**
   * The store does not know the upload (any more). Either it was ended or completed while this chunk was on its way, or its
   * parts are lost; then the session ends, so that the file can be announced again.
   */
  const withoutStaging = async (session: UploadSession): Promise<void> => {
    await sessions.end(session.id, 'failed', 'parts_lost');
    const now = await sessions.find(session.userId, session.id);
    if (now?.status !== 'completed') throw await endedSince(sessions, session);
  };

  const receive = async (session: UploadSession, index: number, req: IncomingMessage): Promise<void> => {
    if (await sessions.hasChunk(session.id, index)) return skip(session, index, req);
    try {
      await write(session, index, req);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'object_not_found') throw error;
      // Also when another process has stored the same chunk meanwhile.
      if (!(await sessions.hasChunk(session.id, index))) await withoutStaging(session);
    }
  };

  return async (session, offset, req) => {
    try {
      const isComplete = session.status === 'completed';
      if (!isComplete && session.status !== 'open') throw uploadEnded(session);
      checkContent(req);
      const layout = layoutOf(session);
      const index = chunkIndexAt(layout, offset);
      if (index === undefined) throw await offsetMismatch(session);
      checkLength(req.headers['content-length'], layout, index);
      if (isComplete) await skip(session, index, req);
      else await chunkTurns(`${session.id}:${index}`, req, () => receive(session, index, req));
    } catch (error) {
      throw asClientFault(req, error);
    }
  };
}
