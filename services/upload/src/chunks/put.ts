import type { IncomingMessage } from 'node:http';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import type { KeyedLock } from '../keyed-lock.js';
import type { UploadSession } from '../prisma.js';
import type { SessionRepository } from '../sessions/repository.js';
import { layoutOf, type Staging } from '../sessions/staging.js';
import { digestCheck } from './content-digest.js';
import { chunkIndexAt, progressOf } from './layout.js';
import type { PrefixHashes } from './prefix-hash.js';
import { checkLength, drain, storeChunk } from './receive.js';

export interface PutChunkDeps {
  store: ObjectStore;
  sessions: SessionRepository;
  staging: Staging;
  prefixes: PrefixHashes;
  chunkLock: KeyedLock;
  onBytes: (count: number) => void;
}

export type PutChunk = (session: UploadSession, offset: number, req: IncomingMessage) => Promise<void>;

const ended = () => new ProblemError('upload_ended', 'The upload session has ended; announce the file again.');

function checkContent(req: IncomingMessage): void {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/octet-stream') {
    throw new ProblemError('unsupported_media_type', 'Chunks are sent as application/octet-stream.');
  }
  if (req.headers['content-encoding'] !== undefined && req.headers['content-encoding'] !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Chunks are sent without Content-Encoding.');
  }
}

/** Stores one chunk. A chunk that is there already is never written again, so what was hashed stays what is stored. */
export function createPutChunk(deps: PutChunkDeps): PutChunk {
  const { store, sessions, staging, prefixes, chunkLock, onBytes } = deps;

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

  const receive = async (session: UploadSession, index: number, req: IncomingMessage): Promise<void> => {
    if (await sessions.hasChunk(session.id, index)) return drain(req);
    const digest = digestCheck(req.headers['content-digest'] as string | undefined);
    const prefix = prefixes.begin(session.id, index);
    const upload = await staging.ensure(session);
    const observers = [{ update: (bytes: Uint8Array) => onBytes(bytes.length) }, prefix, digest].filter((o) => o !== undefined);
    const part = await storeChunk(store, upload, index, req, observers);
    digest?.verify();
    if (!(await sessions.recordChunk(session.id, index, part.etag))) throw ended();
    prefix?.keep(part.etag);
  };

  return async (session, offset, req) => {
    if (session.status === 'completed') return drain(req);
    if (session.status !== 'open') throw ended();
    checkContent(req);
    const layout = layoutOf(session);
    const index = chunkIndexAt(layout, offset);
    if (index === undefined) throw await offsetMismatch(session);
    checkLength(req.headers['content-length'], layout, index);
    await chunkLock(`${session.id}:${index}`, () => receive(session, index, req));
  };
}
