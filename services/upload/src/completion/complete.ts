import type { CatalogApi } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { describeError, type Logger, ProblemError } from '@lazyphotos/service-kit';
import { chunkCount, progressOf } from '../chunks/layout.js';
import type { PrefixHashes } from '../chunks/prefix-hash.js';
import type { KeyedLock } from '../keyed-lock.js';
import type { UploadSession } from '../prisma.js';
import type { SessionRepository } from '../sessions/repository.js';
import { layoutOf, type Staging } from '../sessions/staging.js';
import { type Commit, uploadPayload } from './commit.js';
import { type Verdict, verifyObject } from './verify.js';

export interface CompleteDeps {
  store: ObjectStore;
  sessions: SessionRepository;
  staging: Staging;
  prefixes: PrefixHashes;
  sessionLock: KeyedLock;
  commit: Commit;
  catalog: CatalogApi;
  logger: Logger;
  now: () => Date;
  onOutcome: (outcome: Verdict | 'duplicate') => void;
}

/** Answers the photo's id. @throws ProblemError when the file is not complete or not what was announced */
export type CompleteUpload = (session: UploadSession) => Promise<string>;

/** The largest number of gaps that a 409 lists. */
const MAX_LISTED = 100;

const ended = (session: UploadSession) =>
  new ProblemError('upload_ended', 'The upload session has ended; announce the file again.', {
    members: { uploadStatus: session.status, ...(session.failureCode ? { failureCode: session.failureCode } : {}) },
  });

export function createCompleteUpload(deps: CompleteDeps): CompleteUpload {
  const { store, sessions, staging, prefixes, sessionLock, commit, catalog, logger, now, onOutcome } = deps;

  /** The tags of all chunks in order. @throws ProblemError `upload_incomplete` */
  const allChunks = async (session: UploadSession): Promise<string[]> => {
    const layout = layoutOf(session);
    const chunks = await sessions.chunks(session.id);
    if (chunks.length === chunkCount(layout)) return chunks.map((chunk) => chunk.etag);
    const { missing, nextOffset } = progressOf(
      layout,
      chunks.map((chunk) => chunk.index),
    );
    throw new ProblemError('upload_incomplete', `${missing.length} ranges are missing.`, {
      members: { missing: missing.slice(0, MAX_LISTED), nextOffset },
    });
  };

  const assembleAndVerify = async (session: UploadSession): Promise<Verdict> => {
    const etags = await allChunks(session);
    const { hash, chunks } = prefixes.resume(session.id, etags);
    const upload = await staging.ensure(session);
    await store.completeUpload(
      upload,
      etags.map((etag, index) => ({ index, etag })),
    );
    const { sizeBytes: size, chunkSize } = layoutOf(session);
    const expectation = { key: session.storageKey, size, hash: session.hash, mimeType: session.mimeType };
    return verifyObject(store, expectation, { hash, hashedBytes: Math.min(chunks * chunkSize, size) });
  };

  const fail = async (session: UploadSession, verdict: 'hash_mismatch' | 'unsupported_media_type'): Promise<never> => {
    if (await sessions.end(session.id, 'failed', verdict)) await staging.discard(session);
    throw verdict === 'hash_mismatch'
      ? new ProblemError(verdict, 'The file is not the announced one; announce and send it again.')
      : new ProblemError(verdict, `The content is not ${session.mimeType}.`);
  };

  /** Best effort: the event brings the photo to the catalog anyway, but after this the client sees it at once. */
  const makeVisible = async (session: UploadSession, uploadedAt: Date): Promise<void> => {
    try {
      await catalog.recordUpload(uploadPayload(session, uploadedAt));
    } catch (error) {
      logger.warn('the catalog will see this upload later', { photoId: session.photoId, error: describeError(error) });
    }
  };

  const record = async (session: UploadSession): Promise<string> => {
    const uploadedAt = now();
    const result = await commit(session, uploadedAt);
    if (result.kind === 'ended') return whatEndedIt(session);
    prefixes.forget(session.id);
    if (result.kind === 'duplicate') {
      onOutcome('duplicate');
      await store.delete(session.storageKey);
      return result.photoId;
    }
    onOutcome('ok');
    await makeVisible(session, uploadedAt);
    logger.info('upload completed', { photoId: session.photoId, bytes: Number(session.sizeBytes) });
    return session.photoId;
  };

  /** The session ended under our hands: another process has completed it, or it was aborted and what we assembled must go. */
  const whatEndedIt = async (before: UploadSession): Promise<string> => {
    const session = (await sessions.find(before.userId, before.id)) ?? before;
    if (session.status === 'completed') return session.photoId;
    await store.delete(session.storageKey);
    throw ended(session);
  };

  const run = async (before: UploadSession): Promise<string> => {
    // Another request may have ended the session while this one waited for the lock.
    const session = (await sessions.find(before.userId, before.id)) ?? before;
    if (session.status === 'completed') return session.photoId;
    if (session.status !== 'open') throw ended(session);
    const verdict = await assembleAndVerify(session);
    if (verdict === 'ok') return record(session);
    onOutcome(verdict);
    prefixes.forget(session.id);
    return fail(session, verdict);
  };

  return (session) => sessionLock(session.id, () => run(session));
}
