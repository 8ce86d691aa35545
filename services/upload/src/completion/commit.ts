import { type AnnouncedDateSource, type EventPayload, isArchiveType } from '@lazyphotos/contracts';
import { isUniqueViolation, run } from '@lazyphotos/database';
import { recordArchive } from '../archives.js';
import type { UploadContext } from '../context.js';
import { recordOriginal } from '../originals.js';
import type { UploadSession } from '../prisma.js';
import { COMPLETE_PHOTO } from '../sessions/queries.js';

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

/** Completes a session with its photo and its event at once; or with its archive, which has no event. */
export async function commitUpload(
  context: UploadContext,
  session: UploadSession,
  uploadedAt: Date,
): Promise<CommitResult> {
  const isStored = !isArchiveType(session.mimeType) && (await commitPhoto(context, session, uploadedAt));
  return isStored ? { kind: 'stored' } : commitOther(context, session, uploadedAt);
}

/** Stores a photo in one statement. Resolves to false when the session has ended, or its user has the file already. */
async function commitPhoto(
  { database, unitOfWork }: UploadContext,
  session: UploadSession,
  uploadedAt: Date,
): Promise<boolean> {
  const event = unitOfWork.newEvent('upload.completed', uploadPayload(session, uploadedAt));
  try {
    const values = [session.id, session.mimeType, uploadedAt, JSON.stringify([event])];
    const completed = await run(database, COMPLETE_PHOTO, values);
    if (completed.length === 0) return false;
    unitOfWork.nudge([event]);
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

/** Completes a session with an archive, or with a photo that may not be stored: it is read under a lock what became of it. */
function commitOther(
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
