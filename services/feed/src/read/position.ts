import { createCursor, ProblemError } from '@lazyphotos/service-kit';
import { z } from 'zod';
import type { FeedDb } from '../prisma.js';

/** A place in a user's log: after entry number `s` of epoch `e`. */
const feedCursor = createCursor(z.object({ e: z.uuid(), s: z.number().int().nonnegative() }));

const expired = () =>
  new ProblemError('cursor_expired', 'Start again from GET /photos and go on from the feedCursor of its last page.');

export function createPositions(db: FeedDb, epoch: () => Promise<string>) {
  const lastSeq = async (userId: string): Promise<number> => {
    const head = await db.feedHead.findUnique({ where: { userId } });
    return Number(head?.lastSeq ?? 0);
  };
  return {
    encode: async (seq: number): Promise<string> => feedCursor.encode({ e: await epoch(), s: seq }),
    headCursor: async (userId: string): Promise<string> => feedCursor.encode({ e: await epoch(), s: await lastSeq(userId) }),
    /**
     * The number that a cursor stands for; no cursor is the beginning. A number that was never given comes from a log that
     * has been set back, so it is expired, too.
     * @throws ProblemError `invalid_cursor`, `cursor_expired`
     */
    decode: async (userId: string, cursor: string | undefined): Promise<number> => {
      if (cursor === undefined) return 0;
      const { e, s } = feedCursor.decode(cursor);
      if (e !== (await epoch()) || s > (await lastSeq(userId))) throw expired();
      return s;
    },
  };
}
export type Positions = ReturnType<typeof createPositions>;
