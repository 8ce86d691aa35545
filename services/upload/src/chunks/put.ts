import type { IncomingMessage } from 'node:http';
import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadSession } from '../prisma.js';
import { uploadEnded } from '../sessions/ended.js';
import type { SessionRepository } from '../sessions/repository.js';
import { layoutOf } from '../sessions/staging.js';
import { digestCheck } from './content-digest.js';
import { chunkIndexAt, progressOf } from './layout.js';
import { checkLength, skipChunk } from './receive.js';
import type { StoreChunk } from './store.js';
import type { ChunkTurns } from './turns.js';

export interface PutChunkDeps {
  sessions: SessionRepository;
  storeChunk: StoreChunk;
  chunkTurns: ChunkTurns;
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

/** Receives one chunk. A chunk that is there already is never written again, so what was hashed stays what is stored. */
export function createPutChunk(deps: PutChunkDeps): PutChunk {
  const { sessions, storeChunk, chunkTurns } = deps;

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

  const receive = async (session: UploadSession, index: number, req: IncomingMessage): Promise<void> => {
    if (await sessions.hasChunk(session.id, index)) return skip(session, index, req);
    await storeChunk(session, index, req, digestCheck(req.headers['content-digest'] as string | undefined));
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
