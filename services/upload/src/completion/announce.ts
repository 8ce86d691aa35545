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
  };
}
export type Announce = ReturnType<typeof createAnnounce>;
