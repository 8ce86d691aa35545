import type { Role } from '@lazyphotos/contracts';
import type { Passwords } from '@lazyphotos/passwords';
import { newId, ProblemError } from '@lazyphotos/service-kit';
import type { Invites } from '../invites/invites.js';
import type { NodeClaim } from '../node/node-claim.js';
import type { AuthDb, AuthTx, UserRow } from '../prisma.js';
import type { Sessions, Tokens } from '../sessions/sessions.js';

interface Applicant {
  email: string;
  code?: string | undefined;
}

export interface Registration extends Applicant {
  password: string;
  displayName?: string | undefined;
}

interface AccountsDeps {
  db: AuthDb;
  node: NodeClaim;
  invites: Invites;
  /** Who may register on a claimed node. */
  registration: 'closed' | 'invite' | 'open';
  passwords: Passwords;
  sessions: Sessions;
  now: () => Date;
}

export class Accounts {
  constructor(private readonly deps: AccountsDeps) {}

  /** @throws ProblemError `invalid_code`, `registration_closed`, `email_taken` */
  async register(registration: Registration): Promise<{ user: UserRow; tokens: Tokens }> {
    const { db, node, invites, passwords, sessions, now } = this.deps;
    // Refuses first, before the costly hash and before the response tells anything about accounts.
    await this.#decideRole(await node.isClaimed(), registration, (code, email) => invites.find(code, email));
    // Before the transaction, which should not stay open for the time of a hash.
    const passwordHash = await passwords.hash(registration.password);
    return db.$transaction(async (tx) => {
      const user: UserRow = {
        id: newId(),
        email: registration.email,
        passwordHash,
        displayName: registration.displayName ?? null,
        role: await this.#admit(tx, registration),
        createdAt: now(),
        disabledAt: null,
      };
      const { count } = await tx.user.createMany({ data: [user], skipDuplicates: true });
      if (count === 0) throw new ProblemError('email_taken');
      return { user, tokens: await sessions.open(tx, user, null) };
    });
  }

  /** @throws ProblemError `invalid_credentials` */
  async changePassword(user: UserRow, sessionId: string, current: string, next: string): Promise<void> {
    const { db, passwords, sessions } = this.deps;
    const wrong = () => new ProblemError('invalid_credentials', 'The current password is not right.');
    if (!(await passwords.verify(user.passwordHash, current))) throw wrong();
    const passwordHash = await passwords.hash(next);
    await db.$transaction(async (tx) => {
      // Of two concurrent changes, the second has verified a password that is no longer the current one.
      const { count } = await tx.user.updateMany({
        where: { id: user.id, passwordHash: user.passwordHash },
        data: { passwordHash },
      });
      if (count === 0) throw wrong();
      await sessions.endOthers(tx, user.id, sessionId);
    });
  }

  async displayName(userId: string): Promise<string | undefined> {
    const user = await this.deps.db.user.findUnique({
      where: { id: userId },
      select: { displayName: true },
    });
    return user?.displayName ?? undefined;
  }

  /** Decides finally: an invite is used up if, and only if, the transaction commits. */
  async #admit(tx: AuthTx, applicant: Applicant): Promise<Role> {
    const { node, invites } = this.deps;
    return this.#decideRole(await node.isClaimedForUpdate(tx), applicant, (code, email) =>
      invites.consume(tx, code, email),
    );
  }

  /**
   * Returns the role of a new account. On an unclaimed node, registration needs the claim code, which is on the node's own disk. On a
   * claimed node the setting decides; an invite also counts where registration is open, for the role that it gives.
   */
  async #decideRole(
    claimed: boolean,
    { email, code }: Applicant,
    roleOfInvite: (code: string, email: string) => Promise<Role | undefined>,
  ): Promise<Role> {
    const { node, registration } = this.deps;
    if (!claimed) {
      if (code !== undefined && (await node.isClaimCode(code))) return 'member';
      throw new ProblemError(
        'invalid_code',
        'The first accounts need the claim code, which the node printed.',
      );
    }
    if (registration === 'closed') throw new ProblemError('registration_closed');
    const role = code === undefined ? undefined : await roleOfInvite(code, email);
    if (role === undefined && registration === 'invite') {
      throw new ProblemError('invalid_code', 'A valid invite for this e-mail address is needed.');
    }
    return role ?? 'member';
  }
}
