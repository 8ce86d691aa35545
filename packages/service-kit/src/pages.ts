import { z } from 'zod';
import { createCursor } from './cursor.js';

/** Ids are UUIDs version 7, so the order of ids is the order of creation. */
const cursors = createCursor(z.object({ before: z.uuid() }));

export interface PageQuery {
  cursor?: string | undefined;
  limit: number;
}

/**
 * Returns Prisma's arguments for a page of rows, newest first; one more row than asked shows whether there are more.
 * @throws ProblemError `invalid_cursor`
 */
export function newestFirst({ cursor, limit }: PageQuery) {
  const after = cursor === undefined ? {} : { id: { lt: cursors.decode(cursor).before } };
  return { where: after, orderBy: { id: 'desc' as const }, take: limit + 1 };
}

/** `limit`: how many rows the page has at most. */
export function toPage<Row extends { id: string }>(rows: readonly Row[], limit: number) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    cursor: last ? cursors.encode({ before: last.id }) : null,
    hasMore: rows.length > items.length,
  };
}
