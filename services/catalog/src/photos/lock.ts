import type { CatalogTx } from '../prisma.js';

/** Locks a photo's row, if there is one: waits for a purge under way, and makes one that comes wait. */
export const lockPhotoRow = (tx: CatalogTx, photoId: string) =>
  tx.$executeRaw`SELECT id FROM photos WHERE id = ${photoId}::uuid FOR UPDATE`;

/**
 * Serialises what may happen to a photo that is not there yet: an upload and its processing result may arrive at the same
 * time, in either order, and there is no row to lock.
 */
export const lockPhoto = (tx: CatalogTx, photoId: string) =>
  tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${photoId}, 0))`;
