import type { CatalogApi } from '@lazyphotos/contracts';
import { describeError, type Logger } from '@lazyphotos/service-kit';
import type { UploadDb, UploadSession } from '../prisma.js';
import { uploadPayload } from './commit.js';

/**
 * Shows an upload to the catalog before the client hears that it is stored, so that the client finds it there. Best effort:
 * the event brings it as well.
 */
export function createAnnounce(db: UploadDb, catalog: CatalogApi, logger: Logger) {
  const announce = async (session: UploadSession, uploadedAt: Date): Promise<void> => {
    try {
      await catalog.recordUpload(uploadPayload(session, uploadedAt));
    } catch (error) {
      logger.warn('the catalog will see this upload later', {
        photoId: session.photoId,
        error: describeError(error),
      });
    }
  };
  return {
    announce,
    /** For a repeated request: the process that recorded the photo may have died before it told the catalog. */
    announceAgain: async (session: UploadSession): Promise<void> => {
      const original = await db.original.findUnique({ where: { photoId: session.photoId } });
      const isItsOwn = original !== null && original.sessionId === session.id && original.purgedAt === null;
      if (isItsOwn) await announce(session, original.storedAt);
    },
    /** For photos that the catalog has not heard of. */
    announcePhotos: async (userId: string, photoIds: readonly string[]): Promise<void> => {
      const originals = await db.original.findMany({
        where: { userId, photoId: { in: [...photoIds] }, purgedAt: null },
      });
      const sessions = await db.uploadSession.findMany({
        where: { id: { in: originals.map(({ sessionId }) => sessionId) } },
      });
      const storedAt = new Map(originals.map((original) => [original.sessionId, original.storedAt]));
      for (const session of sessions) {
        const at = storedAt.get(session.id);
        if (at) await announce(session, at);
      }
    },
  };
}
export type Announce = ReturnType<typeof createAnnounce>;
