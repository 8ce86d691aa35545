import { endpoints, internalEndpoints } from '@lazyphotos/contracts';
import type { Logger, ServiceApp } from '@lazyphotos/service-kit';
import type { SignedIn } from '../sessions/signed-in.js';
import type { Accounts } from './accounts.js';
import { toUser } from './user.js';

export function mountAccounts(
  { mount }: ServiceApp,
  deps: { accounts: Accounts; signedIn: SignedIn; logger: Logger },
): void {
  const { accounts, signedIn, logger } = deps;

  mount(endpoints.register, async ({ body }) => {
    const { user, tokens } = await accounts.register(body);
    logger.info('account registered', { userId: user.id });
    return { ...tokens, user: toUser(user) };
  });

  mount(endpoints.me, async ({ principal }) => toUser(await signedIn(principal)));

  mount(internalEndpoints.displayName, async ({ params }) => ({
    displayName: await accounts.displayName(params.userId),
  }));

  mount(endpoints.changePassword, async ({ principal, body }) => {
    const user = await signedIn(principal);
    await accounts.changePassword(user, principal.sessionId, body.currentPassword, body.newPassword);
    logger.info('password changed', { userId: user.id });
    return undefined;
  });
}
