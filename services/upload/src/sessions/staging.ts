import type { ObjectStore, StagedUpload } from '@lazyphotos/object-storage';
import { describeError, type Logger } from '@lazyphotos/service-kit';
import type { UploadSession } from '../prisma.js';
import { endedSince } from './ended.js';
import { type SessionRepository, storageKeyOf } from './repository.js';

export const layoutOf = (session: UploadSession) => ({
  sizeBytes: Number(session.sizeBytes),
  chunkSize: session.chunkSize,
});

const stagedUpload = (session: UploadSession, uploadId: string): StagedUpload => ({
  uploadId,
  key: session.storageKey,
  size: Number(session.sizeBytes),
  partSize: session.chunkSize,
});

/**
 * Whether the session's object may be a photo or an archive: it may still become one while the session is open, and does not when the
 * user had it already.
 */
const holdsFile = (session: UploadSession): boolean =>
  session.status === 'open' ||
  (session.status === 'completed' && session.storageKey === storageKeyOf(session));

/** The staged upload of a session in the object store; begun with the first chunk, so that an announcement alone costs nothing. */
export function createStaging(store: ObjectStore, sessions: SessionRepository, logger: Logger) {
  const begin = async (session: UploadSession): Promise<StagedUpload> => {
    // Size and hash travel with the object, so that a lost catalog can be rebuilt from the store.
    const begun = await store.beginUpload(session.storageKey, Number(session.sizeBytes), session.chunkSize, {
      contentType: session.mimeType,
      metadata: { sha256: session.hash, 'file-name': session.fileName },
    });
    const stagingId = await sessions.setStaging(session.id, begun.uploadId);
    if (stagingId !== begun.uploadId) await store.abortUpload(begun);
    if (stagingId === null) throw await endedSince(sessions, session);
    return stagedUpload(session, stagingId);
  };

  /**
   * Removes whatever an ended session has in the store: parts, and an object that was assembled and is no photo. What the
   * caller knows of the session may be out of date, and a photo that was stored meanwhile must stay: the row decides.
   */
  const discard = async ({ userId, id }: Pick<UploadSession, 'userId' | 'id'>): Promise<void> => {
    const session = await sessions.find(userId, id);
    if (!session || session.stagingId === null || holdsFile(session)) return;
    await store.abortUpload({ uploadId: session.stagingId, key: session.storageKey });
    await store.delete(session.storageKey);
    await sessions.markCleaned(session.id);
  };

  return {
    ensure: async (session: UploadSession): Promise<StagedUpload> =>
      session.stagingId === null ? begin(session) : stagedUpload(session, session.stagingId),
    discard,
    /** Discards if the store lets it; otherwise the next expiry run does. */
    tryDiscard: async (session: UploadSession): Promise<void> => {
      await discard(session).catch((error: unknown) => {
        logger.warn('could not clean up an ended upload', {
          sessionId: session.id,
          error: describeError(error),
        });
      });
    },
  };
}
export type Staging = ReturnType<typeof createStaging>;
