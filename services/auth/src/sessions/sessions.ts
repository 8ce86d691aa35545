import {
  describeError,
  type Logger,
  newId,
  type Principal,
  ProblemError,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@lazyphotos/service-kit';
import jwt from 'jsonwebtoken';
import { roleOf } from '../accounts/user.js';
import type { Devices } from '../devices/devices.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { AuthDb, AuthTx, Session, UserRow } from '../prisma.js';
import { newRefreshToken, secretHash } from '../secrets.js';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Seconds. */
  expiresIn: number;
}

interface SessionsDeps {
  db: AuthDb;
  keys: KeyRing;
  devices: Devices;
  settings: { accessTokenSeconds: number; refreshTokenDays: number };
  now: () => Date;
  logger: Logger;
}

interface Rotated {
  user: UserRow;
  session: Session;
}

const DAY_MS = 86_400_000;

/** Opens, refreshes and ends sessions. A session exists as long as its row; ending it deletes the row. */
export class Sessions {
  readonly #lifetimeMs: number;

  constructor(private readonly deps: SessionsDeps) {
    this.#lifetimeMs = deps.settings.refreshTokenDays * DAY_MS;
  }

  async open(tx: AuthTx, user: UserRow, deviceId: string | null): Promise<Tokens> {
    const now = this.deps.now();
    const refreshToken = newRefreshToken();
    const session = { id: newId(), userId: user.id, deviceId, createdAt: now };
    await tx.session.create({ data: { ...session, expiresAt: this.#expiry(now) } });
    await tx.refreshToken.create({
      data: { hash: secretHash(refreshToken), sessionId: session.id, issuedAt: now },
    });
    return this.#tokensOf(user, session, refreshToken);
  }

  /** @throws ProblemError `invalid_refresh_token` */
  async refresh(token: string): Promise<Tokens> {
    const { db, logger } = this.deps;
    const known = await db.refreshToken.findUnique({ where: { hash: secretHash(token) } });
    if (!known) throw new ProblemError('invalid_refresh_token');
    const next = newRefreshToken();
    const rotated = await this.#rotate(known.sessionId, token, next);
    if (rotated === 'reused') {
      logger.warn('a refresh token was used twice; its session has been ended', {
        sessionId: known.sessionId,
      });
    }
    if (typeof rotated === 'string') throw new ProblemError('invalid_refresh_token');
    const { user, session } = rotated;
    if (session.deviceId !== null) await this.#markSeen(session.deviceId);
    return this.#tokensOf(user, session, next);
  }

  /**
   * Returns the account of a request, as it is in the database now. Other services trust an access token until it expires. Here, where
   * accounts are managed, an ended session, a disabled account and a new role take effect at once.
   * @throws ProblemError `unauthenticated`
   */
  async requireUser({ sessionId, userId }: Principal): Promise<UserRow> {
    const { db } = this.deps;
    const session = await db.session.findUnique({ where: { id: sessionId, userId } });
    // Not as a relation of the session: Prisma reads that in a second query, and fails if a deletion comes in between.
    const user = session && (await db.user.findUnique({ where: { id: session.userId } }));
    if (!user || user.disabledAt !== null) {
      throw new ProblemError('unauthenticated', 'This session has ended.');
    }
    return user;
  }

  /** Ends the session of a refresh token, used or not. Does nothing for an unknown token. */
  async endByToken(token: string): Promise<void> {
    await this.deps.db.session.deleteMany({
      where: { refreshTokens: { some: { hash: secretHash(token) } } },
    });
  }

  async endAll(userId: string): Promise<void> {
    await this.deps.db.session.deleteMany({ where: { userId } });
  }

  async endOthers(tx: AuthTx, userId: string, keptSessionId: string): Promise<void> {
    await tx.session.deleteMany({ where: { userId, id: { not: keptSessionId } } });
  }

  /** Deletes expired sessions, and used tokens that would have expired if they were unused. */
  async sweep(): Promise<void> {
    const { db, now } = this.deps;
    const time = now();
    const issuedBefore = new Date(time.getTime() - this.#lifetimeMs);
    await db.session.deleteMany({ where: { expiresAt: { lte: time } } });
    await db.refreshToken.deleteMany({ where: { issuedAt: { lt: issuedBefore }, usedAt: { not: null } } });
  }

  /**
   * A session is a family of refresh tokens (RFC 9700, section 4.14.2). Each token can be used once and is replaced by the next. A
   * second use means that the token was copied; which of the two holders is the thief is unknown, so the whole family ends. The
   * session's row is locked first: two uses of a token, or a use and a logout, run one after the other.
   */
  async #rotate(sessionId: string, token: string, next: string): Promise<Rotated | 'reused' | 'ended'> {
    return this.deps.db.$transaction(async (tx) => {
      const now = this.deps.now();
      const [session] = await tx.session.updateManyAndReturn({
        where: { id: sessionId, expiresAt: { gt: now }, user: { disabledAt: null } },
        data: { expiresAt: this.#expiry(now) },
      });
      if (!session) return 'ended';
      const { count } = await tx.refreshToken.updateMany({
        where: { hash: secretHash(token), usedAt: null },
        data: { usedAt: now },
      });
      if (count === 0) {
        await tx.session.delete({ where: { id: session.id } });
        return 'reused';
      }
      const user = await tx.user.findUniqueOrThrow({ where: { id: session.userId } });
      await tx.refreshToken.create({
        data: { hash: secretHash(next), sessionId: session.id, issuedAt: now },
      });
      return { user, session };
    });
  }

  /** The old token has been used: a failure here must not prevent the response with the new one. */
  async #markSeen(deviceId: string): Promise<void> {
    await this.deps.devices.markSeen(deviceId).catch((error: unknown) => {
      this.deps.logger.warn('a device was not marked as seen', { deviceId, error: describeError(error) });
    });
  }

  #tokensOf(user: UserRow, session: Pick<Session, 'id' | 'deviceId'>, refreshToken: string): Tokens {
    const { accessTokenSeconds } = this.deps.settings;
    return { accessToken: this.#signAccessToken(user, session), refreshToken, expiresIn: accessTokenSeconds };
  }

  /** Returns a JWT (ES256) that every service can verify from the key set alone. */
  #signAccessToken(user: UserRow, session: Pick<Session, 'id' | 'deviceId'>): string {
    const { keys, now, settings } = this.deps;
    const { kid, privateKey } = keys.signingKey();
    const issuedAt = Math.floor(now().getTime() / 1000);
    const claims = {
      sub: user.id,
      role: roleOf(user),
      sid: session.id,
      ...(session.deviceId === null ? {} : { did: session.deviceId }),
      iss: TOKEN_ISSUER,
      aud: TOKEN_AUDIENCE,
      iat: issuedAt,
      exp: issuedAt + settings.accessTokenSeconds,
    };
    return jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: kid });
  }

  #expiry(now: Date): Date {
    return new Date(now.getTime() + this.#lifetimeMs);
  }
}
