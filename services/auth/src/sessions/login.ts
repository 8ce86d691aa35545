import type { Passwords } from '@lazyphotos/passwords';
import { ProblemError } from '@lazyphotos/service-kit';
import type { Request, Response } from 'express';
import passport from 'passport';
import { Strategy } from 'passport-local';
import type { UserRow } from '../accounts/user.js';
import type { Tx } from '../context.js';
import type { Devices } from '../devices/devices.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Sessions } from './sessions.js';

const wrong = () => new ProblemError('invalid_credentials');

/** Keeps the account as it was when the password was verified: a change of it must end sessions, not race with a new one. */
async function holdUnchanged(tx: Tx, { id, passwordHash }: UserRow): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM users
    WHERE id = ${id}::uuid AND password_hash = ${passwordHash} AND disabled_at IS NULL FOR SHARE`;
  if (rows.length === 0) throw wrong();
}

/** Signing in with e-mail and password. Nothing in the answer or in its timing tells whether an e-mail has an account. */
export function createLogin(deps: {
  db: PrismaClient;
  passwords: Passwords;
  sessions: Sessions;
  devices: Devices;
}) {
  const { db, passwords, sessions, devices } = deps;

  const check = async (email: string, password: string): Promise<UserRow | undefined> => {
    const user = await db.user.findUnique({ where: { email } });
    const right = await passwords.verify(user?.passwordHash, password);
    return right && user?.disabledAt === null ? user : undefined;
  };
  const authenticator = new passport.Passport();
  authenticator.use(
    'local',
    new Strategy({ usernameField: 'email', session: false }, (email, password, done) => {
      check(email, password).then((user) => done(null, user ?? false), done);
    }),
  );

  /** @throws ProblemError `invalid_credentials` */
  const authenticate = (req: Request, res: Response): Promise<UserRow> =>
    new Promise((resolve, reject) => {
      const middleware = authenticator.authenticate(
        'local',
        { session: false },
        (error: unknown, user: UserRow | false) => {
          if (error) reject(error);
          else if (user) resolve(user);
          else reject(wrong());
        },
      );
      middleware(req, res, reject);
    });

  /** @throws ProblemError `invalid_credentials`, `not_found` for a device that is not this account's */
  return async (req: Request, res: Response, deviceId: string | undefined) => {
    const user = await authenticate(req, res);
    const tokens = await db.$transaction(async (tx) => {
      await holdUnchanged(tx, user);
      if (deviceId !== undefined) await devices.claimForLogin(tx, user.id, deviceId);
      return sessions.open(tx, user, deviceId ?? null);
    });
    return { user, tokens };
  };
}
export type Login = ReturnType<typeof createLogin>;
