import type { Role } from '@lazyphotos/contracts';
import { newestFirst, newId, notFound, type PageQuery, ProblemError, toPage } from '@lazyphotos/service-kit';
import { roleOf } from '../accounts/user.js';
import type { AuthDb, AuthTx, Invite, UserRow } from '../prisma.js';
import { newCode, normalizeCode, secretHash } from '../secrets.js';

export interface NewInvite {
  email?: string | undefined;
  role: 'member' | 'admin';
  expiresAt?: string | undefined;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** 140 bits. */
const CODE_GROUPS = 7;

export class Invites {
  constructor(
    private readonly db: AuthDb,
    private readonly now: () => Date,
  ) {}

  /** @throws ProblemError `forbidden` when an admin invites an admin, `invalid_request` for a time in the past */
  async create(
    by: UserRow,
    { role, email, expiresAt }: NewInvite,
  ): Promise<{ invite: Invite; code: string }> {
    if (role === 'admin' && by.role !== 'owner') {
      throw new ProblemError('forbidden', 'Only the owner can invite an admin.');
    }
    const code = newCode(CODE_GROUPS);
    const createdAt = this.now();
    const invite = await this.db.invite.create({
      data: {
        id: newId(),
        codeHash: hashOf(code),
        role,
        email: email ?? null,
        createdById: by.id,
        createdAt,
        expiresAt: expiryOf(expiresAt, createdAt),
      },
    });
    return { invite, code };
  }

  async list(query: PageQuery) {
    const rows: Invite[] = await this.db.invite.findMany(newestFirst(query));
    return toPage(rows, query.limit);
  }

  /** @throws ProblemError `not_found` */
  async remove(id: string): Promise<void> {
    const { count } = await this.db.invite.deleteMany({ where: { id } });
    if (count === 0) throw notFound('invite');
  }

  /** Returns the role that a code would give. */
  async find(code: string, email: string): Promise<Role | undefined> {
    const invite = await this.db.invite.findFirst({ where: this.#usable(code, email) });
    return invite ? roleOf(invite) : undefined;
  }

  /** Uses a code up and returns the role that it gives. Of several concurrent uses of a code, one succeeds. */
  async consume(tx: AuthTx, code: string, email: string): Promise<Role | undefined> {
    const where = this.#usable(code, email);
    const { count } = await tx.invite.updateMany({ where, data: { usedAt: this.now() } });
    if (count === 0) return undefined;
    return roleOf(await tx.invite.findUniqueOrThrow({ where: { codeHash: hashOf(code) } }));
  }

  /** The conditions under which an invite admits this person. */
  #usable(code: string, email: string) {
    return {
      codeHash: hashOf(code),
      usedAt: null,
      expiresAt: { gt: this.now() },
      OR: [{ email: null }, { email }],
    };
  }
}

const hashOf = (code: string) => secretHash(normalizeCode(code));

function expiryOf(expiresAt: string | undefined, now: Date): Date {
  if (expiresAt === undefined) return new Date(now.getTime() + DEFAULT_DAYS * DAY_MS);
  const date = new Date(expiresAt);
  if (date > now) return date;
  const errors = [{ path: 'body.expiresAt', message: 'must be in the future' }];
  throw new ProblemError('invalid_request', 'expiresAt must be in the future.', { members: { errors } });
}
