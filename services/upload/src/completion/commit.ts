import type { AnnouncedDateSource, EventPayload } from '@lazyphotos/contracts';
import type { Emit, UnitOfWork } from '@lazyphotos/database';
import type { UploadSession, UploadTx } from '../prisma.js';

export const uploadPayload = (
  session: UploadSession,
  uploadedAt: Date,
): EventPayload<'upload.completed'> => ({
  photoId: session.photoId,
  userId: session.userId,
  deviceId: session.deviceId ?? undefined,
  storageKey: session.storageKey,
  hash: session.hash,
  sizeBytes: Number(session.sizeBytes),
  mimeType: session.mimeType,
  fileName: session.fileName,
  capturedAt: session.capturedAt?.toISOString(),
  capturedAtSource: (session.capturedAtSource as AnnouncedDateSource | null) ?? undefined,
  width: session.width ?? undefined,
  height: session.height ?? undefined,
  locationLat: session.locationLat ?? undefined,
  locationLon: session.locationLon ?? undefined,
  uploadedAt: uploadedAt.toISOString(),
  ...(session.importEntryId === null ? {} : { background: true }),
});

/** `stored`: the photo is recorded now. `ended`: another request has ended the session. `duplicate`: the user has it already. */
export type CommitResult = { kind: 'stored' } | { kind: 'ended' } | { kind: 'duplicate'; photoId: string };

/** Records a verified upload, its original and its event in one transaction. The session's type is the one that was verified. */
export function createCommit(unitOfWork: UnitOfWork<UploadTx>) {
  return (session: UploadSession, uploadedAt: Date): Promise<CommitResult> =>
    unitOfWork.transaction(async (tx: UploadTx, emit: Emit) => {
      const { count } = await tx.uploadSession.updateMany({
        where: { id: session.id, status: 'open' },
        // A session that keeps its stagingId has something in the store that is to be removed.
        data: { status: 'completed', openKey: null, stagingId: null, mimeType: session.mimeType },
      });
      if (count === 0) return { kind: 'ended' };
      await tx.uploadChunk.deleteMany({ where: { sessionId: session.id } });
      const { userId, hash, photoId } = session;
      const row = {
        photoId,
        sessionId: session.id,
        storageKey: session.storageKey,
        storedAt: uploadedAt,
        purgedAt: null,
      };
      const known = await tx.original.findUnique({ where: { userId_hash: { userId, hash } } });
      if (known && known.purgedAt === null && known.photoId !== session.replaces) {
        const { stagingId } = session;
        await tx.uploadSession.update({
          where: { id: session.id },
          data: { photoId: known.photoId, stagingId },
        });
        return { kind: 'duplicate', photoId: known.photoId };
      }
      await tx.original.upsert({
        where: { userId_hash: { userId, hash } },
        create: { ...row, userId, hash, sizeBytes: session.sizeBytes },
        update: row,
      });
      emit('upload.completed', uploadPayload(session, uploadedAt));
      return { kind: 'stored' };
    });
}
export type Commit = ReturnType<typeof createCommit>;
