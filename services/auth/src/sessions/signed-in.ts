import { type Principal, ProblemError } from '@lazyphotos/service-kit';
import type { UserRow } from '../accounts/user.js';
import type { Db } from '../context.js';

/**
 * Whose request it is, as the database says now. The other services trust an access token until it ends; here, where accounts are
 * managed, an ended session or a disabled account counts at once, and so does a new role.
 * @throws ProblemError `unauthenticated`
 */
export const createSignedIn =
  (db: Db) =>
  async ({ sessionId, userId }: Principal): Promise<UserRow> => {
    const session = await db.session.findUnique({ where: { id: sessionId, userId } });
    // Not as a relation of the session: Prisma reads that in a second query, and fails if a deletion comes in between.
    const user = session && (await db.user.findUnique({ where: { id: session.userId } }));
    if (!user || user.disabledAt !== null) {
      throw new ProblemError('unauthenticated', 'This session has ended.');
    }
    return user;
  };
export type SignedIn = ReturnType<typeof createSignedIn>;
