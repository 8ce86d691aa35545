import type { CatalogTx } from '../prisma.js';

/** Returns those of these ids that never belonged to a photo of this user. The caller has locked the photos that are there. */
export async function neverOwned(tx: CatalogTx, userId: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  // Read after the locks: a purge that they waited for has left its trace.
  const purged = await tx.purgedPhoto.findMany({
    where: { userId, id: { in: [...ids] } },
    select: { id: true },
  });
  const gone = new Set(purged.map((row) => row.id));
  return ids.filter((id) => !gone.has(id));
}

/** Locks the rows of those photos that are this user's, in the order of their ids. Returns the ids. */
export async function lockPhotos(
  tx: CatalogTx,
  userId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM photos WHERE user_id = ${userId}::uuid AND id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR UPDATE`;
  return new Set(rows.map(({ id }) => id));
}
