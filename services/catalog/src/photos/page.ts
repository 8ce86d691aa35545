import { createCursor } from '@lazyphotos/service-kit';
import { z } from 'zod';
import { instant } from '../dates.js';
import type { CatalogDb, PhotoRow, Prisma } from '../prisma.js';

/** Where a list goes on: after this photo. `feed` is the feed's position when the first page was read. */
const pageCursor = createCursor(
  z.object({ at: instant, id: z.uuid(), feed: z.string().max(300).optional() }),
);
export type PageCursor = ReturnType<typeof pageCursor.decode>;
export const decodePageCursor = (cursor: string | undefined): PageCursor | undefined =>
  cursor === undefined ? undefined : pageCursor.decode(cursor);

const after = (cursor: PageCursor): Prisma.PhotoWhereInput => {
  const sortAt = new Date(cursor.at);
  // The first condition bounds the index scan; the second breaks ties.
  return { sortAt: { lte: sortAt }, OR: [{ sortAt: { lt: sortAt } }, { id: { lt: cursor.id } }] };
};

export interface PhotoPage {
  rows: PhotoRow[];
  hasMore: boolean;
  /** Null when there is nothing on this page. */
  cursor: string | null;
}

/** One page of photos, newest capture first, by keyset: as quick at the end of a long list as at its beginning. */
export async function readPhotoPage(
  db: CatalogDb,
  where: Prisma.PhotoWhereInput,
  limit: number,
  from: PageCursor | undefined,
  feed?: string,
): Promise<PhotoPage> {
  const rows = await db.photo.findMany({
    where: from ? { AND: [where, after(from)] } : where,
    orderBy: [{ sortAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  });
  const hasMore = rows.length > limit;
  if (hasMore) rows.pop();
  const last = rows.at(-1);
  const cursor = last
    ? pageCursor.encode({ at: last.sortAt.getTime(), id: last.id, ...(feed ? { feed } : {}) })
    : null;
  return { rows, hasMore, cursor };
}
