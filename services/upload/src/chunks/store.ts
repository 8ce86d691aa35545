import type { Readable } from 'node:stream';
import { isObjectStoreError, type ObjectStore } from '@lazyphotos/object-storage';
import type { UploadSession } from '../prisma.js';
import { endedSince } from '../sessions/ended.js';
import type { SessionRepository } from '../sessions/repository.js';
import type { Staging } from '../sessions/staging.js';
import type { DigestCheck } from './content-digest.js';
import type { PrefixHashes } from './prefix-hash.js';
import { type ByteObserver, writeChunk } from './receive.js';

export interface StoreChunkDeps {
  store: ObjectStore;
  sessions: SessionRepository;
  staging: Staging;
  prefixes: PrefixHashes;
  onBytes: (count: number) => void;
}

/**
 * Writes one chunk of an open session and records it once it is durable.
 * @throws ProblemError `offset_mismatch` for another length, `upload_ended`, and what `digest` finds
 */
export type StoreChunk = (
  session: UploadSession,
  index: number,
  body: Readable,
  digest?: DigestCheck,
) => Promise<void>;

export function createStoreChunk(deps: StoreChunkDeps): StoreChunk {
  const { store, sessions, staging, prefixes, onBytes } = deps;

  const write: StoreChunk = async (session, index, body, digest) => {
    const prefix = prefixes.begin(session.id, index);
    const upload = await staging.ensure(session);
    const counter: ByteObserver = { update: (bytes) => onBytes(bytes.length) };
    const observers = [counter, prefix, digest].filter((observer) => observer !== undefined);
    const part = await writeChunk(store, upload, index, body, observers);
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

  return async (session, index, body, digest) => {
    try {
      await write(session, index, body, digest);
    } catch (error) {
      if (!isObjectStoreError(error, 'object_not_found')) throw error;
      // Also when another process has stored the same chunk meanwhile.
      if (!(await sessions.hasChunk(session.id, index))) await withoutStaging(session);
    }
  };
}
