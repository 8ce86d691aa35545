import { endpoints } from '@lazyphotos/contracts';
import type { Logger, ServiceApp } from '@lazyphotos/service-kit';
import { toUser } from '../accounts/user.js';
import type { Login } from './login.js';
import type { Sessions } from './sessions.js';
import type { SignedIn } from './signed-in.js';

export function mountSessions(
  { mount }: ServiceApp,
  deps: { sessions: Sessions; login: Login; signedIn: SignedIn; logger: Logger },
): void {
  const { sessions, login, signedIn, logger } = deps;

  mount(endpoints.login, async ({ req, res, body }) => {
    // The strategy reads the request; it must see what was validated and put into its normal form.
    req.body = body;
    const { user, tokens } = await login(req, res, body.deviceId);
    return { ...tokens, user: toUser(user) };
  });

  mount(endpoints.refresh, ({ body }) => sessions.refresh(body.refreshToken));

  mount(endpoints.logout, async ({ body }) => {
    await sessions.endByToken(body.refreshToken);
    return undefined;
  });

  mount(endpoints.logoutAll, async ({ principal }) => {
    const user = await signedIn(principal);
    await sessions.endAll(user.id);
    logger.info('all sessions ended', { userId: user.id });
    return undefined;
  });
}
