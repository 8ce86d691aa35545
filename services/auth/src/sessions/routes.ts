import { endpoints } from '@lazyphotos/contracts';
import type { Logger, ServiceApp } from '@lazyphotos/service-kit';
import { toUser } from '../accounts/user.js';
import type { Sessions } from './sessions.js';
import type { SignIn } from './sign-in.js';

export function mountSessions(
  { mount }: ServiceApp,
  { sessions, signIn, logger }: { sessions: Sessions; signIn: SignIn; logger: Logger },
): void {
  mount(endpoints.login, async ({ req, res, body }) => {
    // Passport reads the request; it must see the validated and normalised body.
    req.body = body;
    const { user, tokens } = await signIn.signIn(req, res, body.deviceId);
    return { ...tokens, user: toUser(user) };
  });

  mount(endpoints.refresh, ({ body }) => sessions.refresh(body.refreshToken));

  mount(endpoints.logout, async ({ body }) => {
    await sessions.endByToken(body.refreshToken);
    return undefined;
  });

  mount(endpoints.logoutAll, async ({ principal }) => {
    const user = await sessions.requireUser(principal);
    await sessions.endAll(user.id);
    logger.info('all sessions ended', { userId: user.id });
    return undefined;
  });
}
