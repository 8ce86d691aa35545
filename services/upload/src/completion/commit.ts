import { type AnnouncedDateSource, type EventPayload, isArchiveType } from '@lazyphotos/contracts';
import { recordArchive } from '../archives.js';
import type { UploadContext } from '../context.js';
import { recordOriginal } from '../originals.js';
import type { UploadSession } from '../prisma.js';

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

/** `stored`: the photo or archive is recorded. `ended`: another request has ended the session. `duplicate`: the user had it already. */
type CommitResult = { kind: 'stored' } | { kind: 'ended' } | { kind: 'duplicate'; photoId: string };

/** Completes a session with its photo and its event in one transaction; or with its archive, which has no event. */
export function commitUpload(
  { sessions, unitOfWork }: UploadContext,
  session: UploadSession,
  uploadedAt: Date,
): Promise<CommitResult> {
  return unitOfWork.transaction(async (tx, emit) => {
    if (!(await sessions.complete(tx, session))) return { kind: 'ended' };
    const isArchive = isArchiveType(session.mimeType);
    const photoId = await (isArchive ? recordArchive : recordOriginal)(tx, session, uploadedAt);
    if (photoId !== session.photoId) {
      await sessions.markDuplicate(tx, session, photoId);
      return { kind: 'duplicate', photoId };
    }
    if (!isArchive) emit('upload.completed', uploadPayload(session, uploadedAt));
    return { kind: 'stored' };
  });
}
