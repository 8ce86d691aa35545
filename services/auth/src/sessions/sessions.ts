import { type Logger, newId, ProblemError } from '@lazyphotos/service-kit';
import { roleOf, type UserRow } from '../accounts/user.js';
import type { AuthSettings, Clock, Tx } from '../context.js';
import type { Devices } from '../devices/devices.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { AccessTokens } from './access-tokens.js';
import { newRefreshToken, secretHash } from './secrets.js';

const DAY_MS = 86_400_000;

interface SessionRef {
  id: string;
  deviceId: string | null;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Seconds. */
  expiresIn: number;
}

const invalidToken = () => new ProblemError('invalid_refresh_token');

/**
 * A session is a family of refresh tokens (RFC 9700, section 4.14.2). Each token is good once and is replaced by its successor.
 * One that comes a second time was copied, by a thief or from one, so the whole family ends; nobody can tell which of the two
 * holders is the right one. A session lives as long as its row: it is ended by deleting it.
 *
 * Whatever changes a family first locks the session's row, so that two uses of one token take turns.
 */
export function createSessions(deps: {
  db: PrismaClient;
  accessTokens: AccessTokens;
  devices: Devices;
  settings: AuthSettings;
  clock: Clock;
  logger: Logger;
}) {
  const { db, accessTokens, devices, settings, clock, logger } = deps;
  const lifetimeMs = settings.refreshTokenDays * DAY_MS;

  const tokensOf = (user: UserRow, session: SessionRef, refreshToken: string): Tokens => ({
    accessToken: accessTokens({
      userId: user.id,
      role: roleOf(user),
      sessionId: session.id,
      deviceId: session.deviceId,
    }),
    refreshToken,
    expiresIn: settings.accessTokenSeconds,
  });

  const open = async (tx: Tx, user: UserRow, deviceId: string | null): Promise<Tokens> => {
    const now = clock();
    const refreshToken = newRefreshToken();
    const session = { id: newId(), userId: user.id, deviceId, createdAt: now };
    await tx.session.create({ data: { ...session, expiresAt: new Date(now.getTime() + lifetimeMs) } });
    await tx.refreshToken.create({
      data: { hash: secretHash(refreshToken), sessionId: session.id, issuedAt: now },
    });
    return tokensOf(user, session, refreshToken);
  };

  /** What became of a use of `token`, and of its session. */
  const rotate = (sessionId: string, token: Uint8Array<ArrayBuffer>, next: string) =>
    db.$transaction(async (tx) => {
      const now = clock();
      const [session] = await tx.session.updateManyAndReturn({
        where: { id: sessionId, expiresAt: { gt: now } },
        data: { expiresAt: new Date(now.getTime() + lifetimeMs) },
      });
      if (!session) return 'ended';
      const user = await tx.user.findUniqueOrThrow({ where: { id: session.userId } });
      if (user.disabledAt !== null) throw invalidToken();
      const { count: first } = await tx.refreshToken.updateMany({
        where: { hash: token, usedAt: null },
        data: { usedAt: now },
      });
      if (first === 0) {
        await tx.session.delete({ where: { id: sessionId } });
        return 'reused';
      }
      await tx.refreshToken.create({ data: { hash: secretHash(next), sessionId, issuedAt: now } });
      return { user, session };
    });

  /** @throws ProblemError `invalid_refresh_token` */
  const refresh = async (token: string): Promise<Tokens> => {
    const hash = secretHash(token);
    const known = await db.refreshToken.findUnique({ where: { hash } });
    if (!known) throw invalidToken();
    const { sessionId } = known;
    const next = newRefreshToken();
    const outcome = await rotate(sessionId, hash, next);
    if (outcome === 'reused') {
      logger.warn('a refresh token was used twice; its session has been ended', { sessionId });
    }
    if (typeof outcome === 'string') throw invalidToken();
    const { user, session } = outcome;
    if (session.deviceId !== null) await devices.seen(session.deviceId);
    return tokensOf(user, session, next);
  };

  return {
    open,
    refresh,
    /** Ends the session that a token belongs to, used or not. An unknown token means that there is nothing to end. */
    endByToken: async (token: string): Promise<void> => {
      await db.session.deleteMany({ where: { refreshTokens: { some: { hash: secretHash(token) } } } });
    },
    endAll: async (userId: string): Promise<void> => {
      await db.session.deleteMany({ where: { userId } });
    },
    endOthers: async (tx: Tx, userId: string, keptSessionId: string): Promise<void> => {
      await tx.session.deleteMany({ where: { userId, id: { not: keptSessionId } } });
    },
    /** Removes what no token can bring back: ended sessions, and used tokens too old to be good even if they were unused. */
    sweep: async (): Promise<void> => {
      const now = clock();
      const issuedBefore = new Date(now.getTime() - lifetimeMs);
      await db.session.deleteMany({ where: { expiresAt: { lte: now } } });
      await db.refreshToken.deleteMany({ where: { issuedAt: { lt: issuedBefore }, usedAt: { not: null } } });
    },
  };
}
export type Sessions = ReturnType<typeof createSessions>;
