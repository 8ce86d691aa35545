import { createHash } from 'node:crypto';
import { createCursor, ProblemError } from '@lazyphotos/service-kit';
import { z } from 'zod';
import { instant } from '../values.js';
import type { SearchQuery } from './conditions.js';

/**
 * Where a search continues: after this photo, in the order that its first page has chosen. `query` is a digest of what was
 * searched for.
 */
const position = z.object({
  query: z.string().length(22),
  order: z.enum(['rank', 'time']),
  rank: z.number().min(0).optional(),
  at: instant,
  id: z.uuid(),
});
export type Position = z.output<typeof position>;

const cursors = createCursor(position);

const digestOf = ({ cursor: _cursor, limit: _limit, ...asked }: SearchQuery): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(asked)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .digest('base64url')
    .slice(0, 22);

export const encodePosition = (query: SearchQuery, at: Omit<Position, 'query'>): string =>
  cursors.encode({ ...at, query: digestOf(query) });

/** @throws ProblemError `invalid_cursor`, also for the cursor of another search */
export function decodePosition(query: SearchQuery): Position | undefined {
  if (query.cursor === undefined) return undefined;
  const from = cursors.decode(query.cursor);
  if (from.query !== digestOf(query) || (from.order === 'rank') !== (from.rank !== undefined))
    throw new ProblemError('invalid_cursor', 'The cursor belongs to another search.');
  return from;
}
