import { endpoints, internalEndpoints, type SharesApi } from '@lazyphotos/contracts';
import { keyedRequest, type ServiceApp } from '@lazyphotos/service-kit';
import type { ShareLinks } from './links.js';

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

  mount(internalEndpoints.viewShare, ({ body }) => shares.view(body));
  mount(internalEndpoints.unlockShareLink, ({ body }) => shares.unlock(body.token, body.password));
}
