import type { ObjectStore } from '@lazyphotos/object-storage';
import { describeError, type Logger, notFound, ProblemError } from '@lazyphotos/service-kit';
import type { Archive, UploadDb, UploadTx } from '../prisma.js';

export interface ArchiveDeletionDeps {
  db: UploadDb;
  store: ObjectStore;
  logger: Logger;
  now: () => Date;
}

export interface ArchiveDeletion {
  /** Deletes an archive; the photos that came from it stay. @throws ProblemError `not_found`, `archive_in_use` */
  remove(userId: string, id: string): Promise<void>;
  /** Goes on with deletions that a crash or a fault of the store has interrupted. */
  finish(): Promise<void>;
}

/**
 * Deletes archives: the row is marked, then the object goes, then the row, so that whatever stops in between is found again. A marked
 * row has released its hash: the same archive may be uploaded again at once.
 */
export function createArchiveDeletion({ db, store, logger, now }: ArchiveDeletionDeps): ArchiveDeletion {
  const mark = (userId: string, id: string): Promise<Archive> =>
    db.$transaction(async (tx: UploadTx) => {
      // An import that is being made locks the row by its foreign key, so one of the two sees the other.
      await tx.$queryRaw`SELECT id FROM archives WHERE id = ${id}::uuid FOR UPDATE`;
      const archive = await tx.archive.findFirst({ where: { id, userId } });
      if (!archive) throw notFound('archive');
      if (archive.deletedAt) return archive;
      const readers = await tx.importPart.count({
        where: { archiveId: id, import: { status: { in: ['pending', 'running'] } } },
      });
      if (readers > 0) throw new ProblemError('archive_in_use');
      return tx.archive.update({ where: { id }, data: { deletedAt: now(), hash: `deleted:${id}` } });
    });

  const removeMarked = async ({ id, userId, storageKey }: Archive): Promise<void> => {
    await store.delete(storageKey);
    // Its completed sessions are kept as long as the archive is.
    const sessions = { userId, photoId: id, status: 'completed', stagingId: null };
    await db.$transaction([
      db.uploadSession.deleteMany({ where: sessions }),
      db.archive.deleteMany({ where: { id } }),
    ]);
    logger.info('archive deleted', { archiveId: id });
  };

  return {
    remove: async (userId, id) => removeMarked(await mark(userId, id)),
    finish: async () => {
      for (const archive of await db.archive.findMany({ where: { deletedAt: { not: null } } })) {
        await removeMarked(archive).catch((error: unknown) => {
          logger.warn('could not delete an archive', { archiveId: archive.id, error: describeError(error) });
        });
      }
    },
  };
}
