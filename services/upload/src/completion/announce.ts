import { describeError } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { uploadPayload } from './commit.js';

/**
 * Shows an upload to the catalog before the client gets its response, so that the client finds it there. An error is only logged: the
 * event brings the upload as well.
 */
export async function announce(
  { catalog, logger }: UploadContext,
  session: UploadSession,
  uploadedAt: Date,
): Promise<void> {
  try {
    await catalog.recordUpload(uploadPayload(session, uploadedAt));
  } catch (error) {
    logger.warn('the catalog will see this upload later', {
      photoId: session.photoId,
      error: describeError(error),
    });
  }
}

/** For a repeated request: the process that recorded the photo may have ended before it told the catalog. */
export async function announceAgain(context: UploadContext, session: UploadSession): Promise<void> {
  const original = await context.db.original.findUnique({ where: { photoId: session.photoId } });
  const isItsOwn = original !== null && original.sessionId === session.id && original.purgedAt === null;
  if (isItsOwn) await announce(context, session, original.storedAt);
}

/** For photos that the catalog does not know yet. */
export async function announcePhotos(
  context: UploadContext,
  userId: string,
  photoIds: readonly string[],
): Promise<void> {
  const originals = await context.db.original.findMany({
    where: { userId, photoId: { in: [...photoIds] }, purgedAt: null },
  });
  const sessions = await context.db.uploadSession.findMany({
    where: { id: { in: originals.map(({ sessionId }) => sessionId) } },
  });
  const storedAt = new Map(originals.map((original) => [original.sessionId, original.storedAt]));
  for (const session of sessions) {
    const at = storedAt.get(session.id);
    if (at) await announce(context, session, at);
  }
}
