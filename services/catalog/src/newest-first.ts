import { createCursor } from '@lazyphotos/service-kit';
import { z } from 'zod';
import { instant } from './values.js';

const createdCursor = createCursor(z.object({ at: instant, id: z.uuid() }));

interface Created {
  id: string;
  createdAt: Date;
}

/**
 * Reads one page of what a user has made, the newest first, by keyset along the index (user_id, created_at, id).
 * @throws ProblemError `invalid_cursor`
 */
export function newestFirst(userId: string, limit: number, cursor: string | undefined) {
  const from = cursor === undefined ? undefined : createdCursor.decode(cursor);
  const at = from ? new Date(from.at) : undefined;
  // The first condition bounds the index scan; the second breaks ties.
  const after =
    from && at ? { createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { id: { lt: from.id } }] } : {};
  return {
    /** What Prisma's `findMany` takes. */
    query: {
      where: { userId, ...after },
      orderBy: [{ createdAt: 'desc' as const }, { id: 'desc' as const }],
      take: limit + 1,
    },
    /** `most`: how many rows the page has at most, if they are fewer than `limit`. */
    pageOf: <Row extends Created>(read: readonly Row[], most = limit) => {
      const rows = read.slice(0, most);
      const last = rows.at(-1);
      return {
        rows,
        cursor: last ? createdCursor.encode({ at: last.createdAt.getTime(), id: last.id }) : null,
        hasMore: read.length > rows.length,
      };
    },
  };
}
