import { type EventPayload, storageKeys } from '@lazyphotos/contracts';
import type { UploadContext } from './context.js';
import type { UploadSession, UploadTx } from './prisma.js';

/** Records a verified photo. Resolves to the photo that its user has under this hash: the session's own, or an older one. */
export async function recordOriginal(tx: UploadTx, session: UploadSession, storedAt: Date): Promise<string> {
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
 * Deletes the original of a purged photo; its hash stays known. It can be repeated. The row comes first: a late request that has stored the
 * object again looks there whether it is still a photo's.
 *
 * An original is the only copy, so the event alone is not believed: the catalog must know the photo as purged by this user, and the object
 * is that of photo and user, whatever key the event has.
 */
export async function purgeOriginal(
  { catalog, db, store, refuse }: UploadContext,
  { photoId, userId, deletedAt }: EventPayload<'photo.purged'>,
): Promise<void> {
  const state = await catalog.photoState(userId, photoId);
  if (state !== 'deleted') {
    refuse('photo.purged', `the catalog says that the photo is ${state}`, { photoId, userId });
    return;
  }
  await db.original.updateMany({
    where: { photoId, userId, purgedAt: null },
    data: { purgedAt: new Date(deletedAt) },
  });
  await store.delete(storageKeys.original(userId, photoId));
}
