import { endpoints } from '@lazyphotos/contracts';
import { type Logger, type Principal, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { Invite, UserRow } from '../prisma.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Invites } from './invites.js';

export function mountInvites(
  { mount }: ServiceApp,
  { invites, sessions, logger }: { invites: Invites; sessions: Sessions; logger: Logger },
): void {
  // Without Idempotency-Key: to repeat the response, the code would have to be stored in readable form.
  mount(endpoints.createInvite, async ({ principal, body }) => {
    const user = await requireManager(sessions, principal);
    const { invite, code } = await invites.create(user, body);
    logger.info('invite made', { inviteId: invite.id, userId: user.id });
    return { ...toInvite(invite), code };
  });

  mount(endpoints.listInvites, async ({ principal, query }) => {
    await requireManager(sessions, principal);
    const { items, ...page } = await invites.list(query);
    return { invites: items.map(toInvite), ...page };
  });

  mount(endpoints.removeInvite, async ({ principal, params }) => {
    const user = await requireManager(sessions, principal);
    await invites.remove(params.id);
    logger.info('invite taken back', { inviteId: params.id, userId: user.id });
    return undefined;
  });
}

/** @throws ProblemError `unauthenticated`, `forbidden` */
async function requireManager(sessions: Sessions, principal: Principal): Promise<UserRow> {
  const user = await sessions.requireUser(principal);
  if (user.role === 'member')
    throw new ProblemError('forbidden', 'Only the owner and admins manage invites.');
  return user;
}

const toInvite = ({ id, role, email, expiresAt, createdAt, usedAt }: Invite) => ({
  id,
  role: role === 'admin' ? ('admin' as const) : ('member' as const),
  ...(email === null ? {} : { email }),
  expiresAt: expiresAt.toISOString(),
  createdAt: createdAt.toISOString(),
  ...(usedAt === null ? {} : { usedAt: usedAt.toISOString() }),
});
