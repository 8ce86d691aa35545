import { createCursor } from '@lazyphotos/service-kit';
import { z } from 'zod';

/** Ids are UUIDs version 7, so the order of ids is the order of creation. */
const cursors = createCursor(z.object({ before: z.uuid() }));

export interface PageQuery {
  cursor?: string | undefined;
  limit: number;
}

/** Returns Prisma's arguments for a page of rows, newest first; one additional row shows whether there are more. */
export function newestFirst({ cursor, limit }: PageQuery) {
  const after = cursor === undefined ? {} : { id: { lt: cursors.decode(cursor).before } };
  return { where: after, orderBy: { id: 'desc' as const }, take: limit + 1 };
}

export function toPage<Row extends { id: string }>(rows: readonly Row[], limit: number) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, cursor: last ? cursors.encode({ before: last.id }) : null, hasMore: rows.length > limit };
}
