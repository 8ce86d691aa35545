import { endpoints } from '@lazyphotos/contracts';
import { type Logger, type Principal, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { UserRow } from '../accounts/user.js';
import type { Invite } from '../generated/prisma/client.js';
import type { SignedIn } from '../sessions/signed-in.js';
import type { Invites } from './invites.js';

const toInvite = ({ id, role, email, expiresAt, createdAt, usedAt }: Invite) => ({
  id,
  role: role === 'admin' ? ('admin' as const) : ('member' as const),
  ...(email === null ? {} : { email }),
  expiresAt: expiresAt.toISOString(),
  createdAt: createdAt.toISOString(),
  ...(usedAt === null ? {} : { usedAt: usedAt.toISOString() }),
});

export function mountInvites(
  { mount }: ServiceApp,
  deps: { invites: Invites; signedIn: SignedIn; logger: Logger },
): void {
  const { invites, signedIn, logger } = deps;

  const host = async (principal: Principal): Promise<UserRow> => {
    const user = await signedIn(principal);
    if (user.role === 'member')
      throw new ProblemError('forbidden', 'Only the owner and admins manage invites.');
    return user;
  };

  // No Idempotency-Key here: to repeat the answer, the code would have to be kept readable.
  mount(endpoints.createInvite, async ({ principal, body }) => {
    const user = await host(principal);
    const { invite, code } = await invites.create(user, body);
    logger.info('invite made', { inviteId: invite.id, userId: user.id });
    return { ...toInvite(invite), code };
  });

  mount(endpoints.listInvites, async ({ principal, query }) => {
    await host(principal);
    const { items, ...page } = await invites.list(query);
    return { invites: items.map(toInvite), ...page };
  });

  mount(endpoints.removeInvite, async ({ principal, params }) => {
    const user = await host(principal);
    await invites.remove(params.id);
    logger.info('invite taken back', { inviteId: params.id, userId: user.id });
    return undefined;
  });
}
