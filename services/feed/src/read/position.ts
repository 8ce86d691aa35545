import { createCursor, ProblemError } from '@lazyphotos/service-kit';
import { z } from 'zod';
import type { FeedDb } from '../prisma.js';

/** A place in a user's log: after entry number `s` of epoch `e`. */
const feedCursor = createCursor(z.object({ e: z.uuid(), s: z.number().int().nonnegative() }));

export interface Position {
  from: number;
  cursorAt(seq: number): string;
}

const expired = () =>
  new ProblemError(
    'cursor_expired',
    'Start again from GET /photos and go on from the feedCursor of its last page.',
  );

export function createPositions(db: FeedDb, epoch: () => Promise<string>) {
  const lastSeq = async (userId: string): Promise<number> => {
    const head = await db.feedHead.findUnique({ where: { userId } });
    return Number(head?.lastSeq ?? 0);
  };
  return {
    /** The cursor after the newest entry. */
    headCursor: async (userId: string): Promise<string> =>
      feedCursor.encode({ e: await epoch(), s: await lastSeq(userId) }),
    /**
     * Where reading starts, as a number, and how to write down where it ended; no cursor is the beginning. A number that was
     * never given comes from a log that has been set back, so it is expired, too.
     * @throws ProblemError `invalid_cursor`, `cursor_expired`
     */
    open: async (userId: string, cursor: string | undefined): Promise<Position> => {
      const given = cursor === undefined ? undefined : feedCursor.decode(cursor);
      const e = await epoch();
      if (given && (given.e !== e || given.s > (await lastSeq(userId)))) throw expired();
      return { from: given?.s ?? 0, cursorAt: (s) => feedCursor.encode({ e, s }) };
    },
  };
}
export type Positions = ReturnType<typeof createPositions>;
