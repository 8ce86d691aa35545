import { type AnnouncedDateSource, type EventPayload, isArchiveType } from '@lazyphotos/contracts';
import type { Emit, UnitOfWork } from '@lazyphotos/database';
import { recordArchive } from '../archives/record.js';
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

/** `stored`: the photo or archive is recorded now. `ended`: another request has ended the session. `duplicate`: the user has it already. */
export type CommitResult = { kind: 'stored' } | { kind: 'ended' } | { kind: 'duplicate'; photoId: string };

/** Records a verified photo. Returns the id of the one that its user has under this hash: the session's own, or an older one. */
async function recordOriginal(tx: UploadTx, session: UploadSession, storedAt: Date): Promise<string> {
  const { userId, hash, photoId, storageKey, sizeBytes } = session;
  const known = await tx.original.findUnique({ where: { userId_hash: { userId, hash } } });
  if (known && known.purgedAt === null && known.photoId !== session.replaces) return known.photoId;
  const row = { photoId, sessionId: session.id, storageKey, storedAt, purgedAt: null };
  await tx.original.upsert({
    where: { userId_hash: { userId, hash } },
    create: { ...row, userId, hash, sizeBytes },
    update: row,
  });
  return photoId;
}

/**
 * Records a verified upload and its original, with its event, in one transaction; or its archive, which is no event. The session's type is
 * the one that was verified.
 */
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
      const isArchive = isArchiveType(session.mimeType);
      const record = isArchive ? recordArchive : recordOriginal;
      const photoId = await record(tx, session, uploadedAt);
      if (photoId !== session.photoId) {
        const { stagingId } = session;
        await tx.uploadSession.update({ where: { id: session.id }, data: { photoId, stagingId } });
        return { kind: 'duplicate', photoId };
      }
      if (!isArchive) emit('upload.completed', uploadPayload(session, uploadedAt));
      return { kind: 'stored' };
    });
}
export type Commit = ReturnType<typeof createCommit>;
