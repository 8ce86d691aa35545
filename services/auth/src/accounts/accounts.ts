import type { Passwords } from '@lazyphotos/passwords';
import { newId, ProblemError } from '@lazyphotos/service-kit';
import type { Clock } from '../context.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Admission, Applicant } from './admission.js';
import type { UserRow } from './user.js';

export interface Registration extends Applicant {
  password: string;
  displayName?: string | undefined;
}

export function createAccounts(deps: {
  db: PrismaClient;
  admission: Admission;
  passwords: Passwords;
  sessions: Sessions;
  clock: Clock;
}) {
  const { db, admission, passwords, sessions, clock } = deps;

  /** @throws ProblemError `invalid_code`, `registration_closed`, `email_taken` */
  const register = async (registration: Registration) => {
    await admission.check(db, registration);
    // Before the transaction, which should not stay open for as long as a hash takes.
    const passwordHash = await passwords.hash(registration.password);
    return db.$transaction(async (tx) => {
      const user: UserRow = {
        id: newId(),
        email: registration.email,
        passwordHash,
        displayName: registration.displayName ?? null,
        role: await admission.admit(tx, registration),
        createdAt: clock(),
        disabledAt: null,
      };
      const { count } = await tx.user.createMany({ data: [user], skipDuplicates: true });
      if (count === 0) throw new ProblemError('email_taken');
      return { user, tokens: await sessions.open(tx, user, null) };
    });
  };

  /** @throws ProblemError `invalid_credentials` */
  const changePassword = async (user: UserRow, sessionId: string, current: string, next: string) => {
    const wrong = () => new ProblemError('invalid_credentials', 'The current password is not right.');
    if (!(await passwords.verify(user.passwordHash, current))) throw wrong();
    const passwordHash = await passwords.hash(next);
    await db.$transaction(async (tx) => {
      // Of two changes at once the second one has verified a password that is no longer the current one.
      const { count } = await tx.user.updateMany({
        where: { id: user.id, passwordHash: user.passwordHash },
        data: { passwordHash },
      });
      if (count === 0) throw wrong();
      await sessions.endOthers(tx, user.id, sessionId);
    });
  };

  const displayName = async (userId: string): Promise<string | undefined> => {
    const user = await db.user.findUnique({ where: { id: userId }, select: { displayName: true } });
    return user?.displayName ?? undefined;
  };

  return { register, changePassword, displayName };
}
export type Accounts = ReturnType<typeof createAccounts>;
