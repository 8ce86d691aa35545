import { describeError, type Logger, newId, ProblemError } from '@lazyphotos/service-kit';
import { roleOf, type UserRow } from '../accounts/user.js';
import type { AuthSettings, Clock, Tx } from '../context.js';
import type { Devices } from '../devices/devices.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { AccessTokens } from './access-tokens.js';
import { createRotation } from './rotation.js';
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

/** Opens, prolongs and ends sessions. A session lives as long as its row: it is ended by deleting it. */
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
  const rotate = createRotation({ db, clock, lifetimeMs });

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

  /** The old token is spent by now: nothing that fails here may keep the new one from its owner. */
  const noteUse = (deviceId: string): Promise<void> =>
    devices.seen(deviceId).catch((error: unknown) => {
      logger.warn('a device was not marked as seen', { deviceId, error: describeError(error) });
    });

  /** @throws ProblemError `invalid_refresh_token` */
  const refresh = async (token: string): Promise<Tokens> => {
    const hash = secretHash(token);
    const known = await db.refreshToken.findUnique({ where: { hash } });
    if (!known) throw invalidToken();
    const { sessionId } = known;
    const next = newRefreshToken();
    const rotation = await rotate({ sessionId, hash, nextHash: secretHash(next) });
    if (rotation.outcome === 'reused') {
      logger.warn('a refresh token was used twice; its session has been ended', { sessionId });
    }
    if (rotation.outcome !== 'rotated') throw invalidToken();
    const { user, session } = rotation;
    if (session.deviceId !== null) await noteUse(session.deviceId);
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
