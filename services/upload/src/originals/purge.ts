import type { EventPayload } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import type { UploadDb } from '../prisma.js';

/** Deletes a purged photo's original; its hash stays known. Repeating it does no harm. */
export function createPurgeOriginal(db: UploadDb, store: ObjectStore) {
  return async ({ photoId, storageKey, deletedAt }: EventPayload<'photo.purged'>): Promise<void> => {
    await store.delete(storageKey);
    await db.original.updateMany({
      where: { photoId, purgedAt: null },
      data: { purgedAt: new Date(deletedAt) },
    });
  };
}
