import { isArchiveType } from '@lazyphotos/contracts';
import { isObjectStoreError, type ObjectStore } from '@lazyphotos/object-storage';
import { type Logger, ProblemError } from '@lazyphotos/service-kit';
import { chunkCount, progressOf } from '../chunks/layout.js';
import type { PrefixHashes } from '../chunks/prefix-hash.js';
import type { KeyedLock } from '../keyed-lock.js';
import type { MalwareCheck } from '../malware/check.js';
import type { UploadSession } from '../prisma.js';
import { uploadEnded } from '../sessions/ended.js';
import type { SessionRepository } from '../sessions/repository.js';
import { layoutOf, type Staging } from '../sessions/staging.js';
import type { Announce } from './announce.js';
import type { Commit } from './commit.js';
import { type Refusal, type Verdict, type Verification, verifyObject } from './verify.js';

export interface CompleteDeps {
  store: ObjectStore;
  sessions: SessionRepository;
  staging: Staging;
  prefixes: PrefixHashes;
  sessionLock: KeyedLock;
  commit: Commit;
  announce: Announce;
  checkMalware: MalwareCheck;
  logger: Logger;
  now: () => Date;
  onOutcome: (outcome: Verdict | 'duplicate') => void;
}

/** Returns the id of the photo or archive. @throws ProblemError when the file is not complete or not what was announced */
export type CompleteUpload = (session: UploadSession) => Promise<string>;

const refusals: Readonly<Record<Refusal, (session: UploadSession) => string>> = {
  hash_mismatch: () => 'The file is not the announced one; announce and send it again.',
  unsupported_media_type: ({ mimeType }) => `The content is not ${mimeType}.`,
  malware_found: () => 'The file holds malware and was not stored.',
};

/** The largest number of gaps that a 409 lists. */
const MAX_LISTED = 100;

/** The store does not have what was recorded. */
const isLost = (error: unknown): boolean => isObjectStoreError(error, 'object_not_found', 'part_mismatch');

export function createCompleteUpload(deps: CompleteDeps): CompleteUpload {
  const { store, sessions, staging, prefixes, sessionLock, commit, announce, logger, now, onOutcome } = deps;
  const { checkMalware } = deps;

  const current = async (session: UploadSession): Promise<UploadSession> =>
    (await sessions.find(session.userId, session.id)) ?? session;

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

  const assembleAndVerify = async (
    session: UploadSession,
    etags: readonly string[],
  ): Promise<Verification> => {
    const { hash, chunks } = prefixes.resume(session.id, etags);
    const upload = await staging.ensure(session);
    await store.completeUpload(
      upload,
      etags.map((etag, index) => ({ index, etag })),
    );
    const { sizeBytes: size, chunkSize } = layoutOf(session);
    const expectation = { key: session.storageKey, size, hash: session.hash, mimeType: session.mimeType };
    const begun = { hash, hashedBytes: Math.min(chunks * chunkSize, size) };
    return verifyObject(store, expectation, begun, checkMalware);
  };

  const fail = async (session: UploadSession, verdict: Refusal): Promise<never> => {
    onOutcome(verdict);
    prefixes.forget(session.id);
    if (await sessions.end(session.id, 'failed', verdict)) await staging.tryDiscard(session);
    throw new ProblemError(verdict, refusals[verdict](session));
  };

  /** Another request or process has ended the session under our hands. What we may have assembled must go. */
  const endedMeanwhile = async (before: UploadSession): Promise<string> => {
    const session = await current(before);
    if (session.status === 'completed') return session.photoId;
    await store.delete(session.storageKey);
    throw uploadEnded(session);
  };

  const record = async (session: UploadSession): Promise<string> => {
    const uploadedAt = now();
    const result = await commit(session, uploadedAt);
    if (result.kind === 'ended') return endedMeanwhile(session);
    prefixes.forget(session.id);
    if (result.kind === 'duplicate') {
      onOutcome('duplicate');
      await staging.tryDiscard(session);
      return result.photoId;
    }
    onOutcome('ok');
    const bytes = Number(session.sizeBytes);
    if (isArchiveType(session.mimeType)) {
      logger.info('archive stored', { archiveId: session.photoId, bytes });
      return session.photoId;
    }
    await announce.announce(session, uploadedAt);
    logger.info('upload completed', { photoId: session.photoId, bytes });
    return session.photoId;
  };

  const run = async (before: UploadSession): Promise<string> => {
    // Another request may have ended the session while this one waited for the lock.
    const session = await current(before);
    if (session.status === 'completed') {
      await announce.announceAgain(session);
      return session.photoId;
    }
    if (session.status !== 'open') throw uploadEnded(session);
    try {
      const verified = await assembleAndVerify(session, await allChunks(session));
      if (verified.verdict !== 'ok') return await fail(session, verified.verdict);
      return await record({ ...session, mimeType: verified.mimeType });
    } catch (error) {
      // Another process may have completed it meanwhile and taken away what this one was reading.
      const { status, photoId } = await current(session);
      if (status === 'completed') return photoId;
      if (!isLost(error)) throw error;
      // Nobody can complete it any more: it ends, so that the file can be announced and sent again.
      if (await sessions.end(session.id, 'failed', 'parts_lost')) await staging.tryDiscard(session);
      return endedMeanwhile(session);
    }
  };

  return (session) => sessionLock(session.id, () => run(session));
}
