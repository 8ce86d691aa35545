import type { Role } from '@lazyphotos/contracts';
import { newId, notFound, ProblemError } from '@lazyphotos/service-kit';
import { roleOf, type UserRow } from '../accounts/user.js';
import type { Clock, Db, Tx } from '../context.js';
import type { Invite, PrismaClient } from '../generated/prisma/client.js';
import { newCode, normalizeCode } from '../node/codes.js';
import { newestFirst, type PageQuery, toPage } from '../pages.js';
import { secretHash } from '../sessions/secrets.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** 140 bits. */
const CODE_GROUPS = 7;

export interface NewInvite {
  email?: string | undefined;
  role: 'member' | 'admin';
  expiresAt?: string | undefined;
}

const codeHash = (code: string) => secretHash(normalizeCode(code));

/** @throws ProblemError `invalid_request` for a time that has passed */
function expiryOf({ expiresAt }: NewInvite, now: Date): Date {
  if (expiresAt === undefined) return new Date(now.getTime() + DEFAULT_DAYS * DAY_MS);
  const date = new Date(expiresAt);
  if (date > now) return date;
  const errors = [{ path: 'body.expiresAt', message: 'must be in the future' }];
  throw new ProblemError('invalid_request', 'expiresAt must be in the future.', { members: { errors } });
}

export function createInvites({ db, clock }: { db: PrismaClient; clock: Clock }) {
  /** What an invite must be to let this person in. */
  const usable = (code: string, email: string) => ({
    codeHash: codeHash(code),
    usedAt: null,
    expiresAt: { gt: clock() },
    OR: [{ email: null }, { email }],
  });

  return {
    /** @throws ProblemError `forbidden` when an admin invites an admin */
    create: async (by: UserRow, wanted: NewInvite): Promise<{ invite: Invite; code: string }> => {
      if (wanted.role === 'admin' && by.role !== 'owner') {
        throw new ProblemError('forbidden', 'Only the owner can invite an admin.');
      }
      const code = newCode(CODE_GROUPS);
      const { role, email = null } = wanted;
      const data = { id: newId(), codeHash: codeHash(code), role, email, createdById: by.id };
      const now = clock();
      const invite = await db.invite.create({
        data: { ...data, createdAt: now, expiresAt: expiryOf(wanted, now) },
      });
      return { invite, code };
    },

    list: async (query: PageQuery) => {
      const rows: Invite[] = await db.invite.findMany(newestFirst(query));
      return toPage(rows, query.limit);
    },

    /** @throws ProblemError `not_found` */
    remove: async (id: string): Promise<void> => {
      const { count } = await db.invite.deleteMany({ where: { id } });
      if (count === 0) throw notFound('invite');
    },

    /** The role that a code would give. */
    find: async (on: Db, code: string, email: string): Promise<Role | undefined> => {
      const invite = await on.invite.findFirst({ where: usable(code, email) });
      return invite ? roleOf(invite) : undefined;
    },

    /** Uses a code up, at most once however many try, and answers the role that it gives. */
    consume: async (tx: Tx, code: string, email: string): Promise<Role | undefined> => {
      const { count } = await tx.invite.updateMany({ where: usable(code, email), data: { usedAt: clock() } });
      if (count === 0) return undefined;
      return roleOf(await tx.invite.findUniqueOrThrow({ where: { codeHash: codeHash(code) } }));
    },
  };
}
export type Invites = ReturnType<typeof createInvites>;
