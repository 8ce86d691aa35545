import type { Passwords } from '@lazyphotos/passwords';
import { ProblemError } from '@lazyphotos/service-kit';
import type { Request, Response } from 'express';
import passport from 'passport';
import { Strategy } from 'passport-local';
import type { Devices } from '../devices/devices.js';
import type { AuthDb, AuthTx, UserRow } from '../prisma.js';
import type { Sessions, Tokens } from './sessions.js';

interface SignInDeps {
  db: AuthDb;
  passwords: Passwords;
  sessions: Sessions;
  devices: Devices;
}

/** Signs in with e-mail and password. Neither the response nor its timing tells whether an e-mail has an account. */
export class SignIn {
  readonly #passport = new passport.Passport();

  constructor(private readonly deps: SignInDeps) {
    this.#passport.use(
      'local',
      new Strategy({ usernameField: 'email', session: false }, (email, password, done) => {
        this.#verify(email, password).then((user) => done(null, user ?? false), done);
      }),
    );
  }

  /** @throws ProblemError `invalid_credentials`, `not_found` for a device of another account */
  async signIn(
    req: Request,
    res: Response,
    deviceId: string | undefined,
  ): Promise<{ user: UserRow; tokens: Tokens }> {
    const { db, devices, sessions } = this.deps;
    const user = await this.#authenticate(req, res);
    const tokens = await db.$transaction(async (tx) => {
      await lockUnchanged(tx, user);
      if (deviceId !== undefined) await devices.lockForSignIn(tx, user.id, deviceId);
      return sessions.open(tx, user, deviceId ?? null);
    });
    return { user, tokens };
  }

  #authenticate(req: Request, res: Response): Promise<UserRow> {
    return new Promise((resolve, reject) => {
      const onResult = (error: unknown, user: UserRow | false) => {
        if (error) reject(error);
        else if (user) resolve(user);
        else reject(wrongCredentials());
      };
      this.#passport.authenticate('local', { session: false }, onResult)(req, res, reject);
    });
  }

  async #verify(email: string, password: string): Promise<UserRow | undefined> {
    const user = await this.deps.db.user.findUnique({ where: { email } });
    const isRight = await this.deps.passwords.verify(user?.passwordHash, password);
    return isRight && user?.disabledAt === null ? user : undefined;
  }
}

/** Locks the account in the state in which the password was verified: a change of it must end the new session too. */
async function lockUnchanged(tx: AuthTx, { id, passwordHash }: UserRow): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM users
    WHERE id = ${id}::uuid AND password_hash = ${passwordHash} AND disabled_at IS NULL FOR SHARE`;
  if (rows.length === 0) throw wrongCredentials();
}

const wrongCredentials = () => new ProblemError('invalid_credentials');
