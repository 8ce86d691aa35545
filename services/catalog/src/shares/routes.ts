import { endpoints, internalEndpoints, type SharesApi } from '@lazyphotos/contracts';
import { keyedRequest, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { ShareLinks } from './links.js';

/** Turns the problems of these codes into a result, for a service that asks over HTTP. */
const refusedAs =
  <Code extends string>(...codes: Code[]) =>
  (error: unknown) => {
    const code = error instanceof ProblemError ? codes.find((known) => known === error.code) : undefined;
    if (code === undefined) throw error;
    return { outcome: 'refused' as const, code };
  };

export function mountShareRoutes({ mount }: ServiceApp, links: ShareLinks, shares: SharesApi): void {
  mount(endpoints.createShareLink, (call) =>
    links.create(call.principal.userId, call.body, keyedRequest(endpoints.createShareLink, call)),
  );
  mount(endpoints.listShareLinks, ({ principal, query }) =>
    links.list(principal.userId, query.limit, query.cursor),
  );
  mount(endpoints.getShareLink, ({ principal, params }) => links.get(principal.userId, params.id));
  mount(endpoints.updateShareLink, ({ principal, params, body }) =>
    links.update(principal.userId, params.id, body),
  );
  mount(endpoints.deleteShareLink, async ({ principal, params }) => {
    await links.remove(principal.userId, params.id);
    return undefined;
  });

  mount(endpoints.getShareContent, ({ params, query, req }) =>
    shares.view({
      token: params.token,
      unlockToken: req.get('x-share-token'),
      cursor: query.cursor,
      limit: query.limit,
      counted: req.method === 'GET',
    }),
  );
  mount(endpoints.unlockShare, ({ params, body }) => shares.unlock(params.token, body.password));

  mount(internalEndpoints.viewShare, ({ body }) =>
    shares
      .view(body)
      .then((content) => ({ outcome: 'shown' as const, content }))
      .catch(refusedAs('not_found', 'share_password_required', 'invalid_cursor')),
  );
  mount(internalEndpoints.unlockShareLink, ({ body }) =>
    shares
      .unlock(body.token, body.password)
      .then((unlock) => ({ outcome: 'unlocked' as const, unlock }))
      .catch(refusedAs('not_found', 'wrong_share_password')),
  );
}
