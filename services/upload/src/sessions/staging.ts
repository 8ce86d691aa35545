import type { ObjectStore, StagedUpload } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadSession } from '../prisma.js';
import type { SessionRepository } from './repository.js';

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

/** The staged upload of a session in the object store; begun with the first chunk, so that an announcement alone costs nothing. */
export function createStaging(store: ObjectStore, sessions: SessionRepository) {
  const begin = async (session: UploadSession): Promise<StagedUpload> => {
    // Size and hash travel with the object, so that a lost catalog can be rebuilt from the store.
    const begun = await store.beginUpload(session.storageKey, Number(session.sizeBytes), session.chunkSize, {
      contentType: session.mimeType,
      metadata: { sha256: session.hash, 'file-name': session.fileName },
    });
    const stagingId = await sessions.setStaging(session.id, begun.uploadId);
    if (stagingId !== begun.uploadId) await store.abortUpload(begun);
    if (stagingId === null) throw new ProblemError('upload_ended', 'The upload session has ended.');
    return stagedUpload(session, stagingId);
  };
  return {
    ensure: async (session: UploadSession): Promise<StagedUpload> =>
      session.stagingId === null ? begin(session) : stagedUpload(session, session.stagingId),

    /** Removes whatever an ended session has in the store: parts, and an object that was assembled but never verified. */
    discard: async (session: UploadSession): Promise<void> => {
      if (session.stagingId === null) return;
      await store.abortUpload({ uploadId: session.stagingId, key: session.storageKey });
      await store.delete(session.storageKey);
      await sessions.markCleaned(session.id);
    },
  };
}
export type Staging = ReturnType<typeof createStaging>;
