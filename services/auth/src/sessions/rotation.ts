import type { Clock } from '../context.js';
import type { PrismaClient, Session, User } from '../generated/prisma/client.js';

type Hash = Uint8Array<ArrayBuffer>;

export type Rotation = { outcome: 'rotated'; user: User; session: Session } | { outcome: 'reused' | 'ended' };

/**
 * A session is a family of refresh tokens (RFC 9700, section 4.14.2). Each token is good once and is replaced by its successor.
 * One that comes a second time was copied, by a thief or from one, so the whole family ends; nobody can tell which of the two
 * holders is the right one.
 *
 * The session's row is locked first, so that two uses of one token, or a use and a logout, take turns.
 */
export function createRotation(deps: { db: PrismaClient; clock: Clock; lifetimeMs: number }) {
  const { db, clock, lifetimeMs } = deps;
  return (used: { sessionId: string; hash: Hash; nextHash: Hash }): Promise<Rotation> =>
    db.$transaction(async (tx) => {
      const now = clock();
      const [session] = await tx.session.updateManyAndReturn({
        where: { id: used.sessionId, expiresAt: { gt: now }, user: { disabledAt: null } },
        data: { expiresAt: new Date(now.getTime() + lifetimeMs) },
      });
      if (!session) return { outcome: 'ended' };
      const { count: first } = await tx.refreshToken.updateMany({
        where: { hash: used.hash, usedAt: null },
        data: { usedAt: now },
      });
      if (first === 0) {
        await tx.session.delete({ where: { id: session.id } });
        return { outcome: 'reused' };
      }
      const user = await tx.user.findUniqueOrThrow({ where: { id: session.userId } });
      await tx.refreshToken.create({ data: { hash: used.nextHash, sessionId: session.id, issuedAt: now } });
      return { outcome: 'rotated', user, session };
    });
}
