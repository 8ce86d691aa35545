import { endpoints, internalEndpoints } from '@lazyphotos/contracts';
import type { Logger, ServiceApp } from '@lazyphotos/service-kit';
import type { Sessions } from '../sessions/sessions.js';
import type { Accounts } from './accounts.js';
import { toUser } from './user.js';

export function mountAccounts(
  { mount }: ServiceApp,
  { accounts, sessions, logger }: { accounts: Accounts; sessions: Sessions; logger: Logger },
): void {
  mount(endpoints.register, async ({ body }) => {
    const { user, tokens } = await accounts.register(body);
    logger.info('account registered', { userId: user.id });
    return { ...tokens, user: toUser(user) };
  });

  mount(endpoints.me, async ({ principal }) => toUser(await sessions.requireUser(principal)));

  mount(internalEndpoints.displayName, async ({ params }) => ({
    displayName: await accounts.displayName(params.userId),
  }));

  mount(endpoints.changePassword, async ({ principal, body }) => {
    const user = await sessions.requireUser(principal);
    await accounts.changePassword(user, principal.sessionId, body.currentPassword, body.newPassword);
    logger.info('password changed', { userId: user.id });
    return undefined;
  });
}
