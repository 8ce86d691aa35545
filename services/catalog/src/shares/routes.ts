import { endpoints, internalEndpoints, type SharesApi } from '@lazyphotos/contracts';
import { keyedRequest, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { createShareLink, deleteShareLink, getShareLink, listShareLinks, updateShareLink } from './links.js';
import { unlockShare, viewShare } from './view.js';

/** What the gateway calls, in the same process or over HTTP. */
export const createSharesApi = (context: CatalogContext): SharesApi => ({
  view: (view) => viewShare(context, view),
  unlock: (token, password) => unlockShare(context, token, password),
});

export function mountShareRoutes({ mount }: ServiceApp, context: CatalogContext): void {
  mount(endpoints.createShareLink, (call) =>
    createShareLink(context, call.principal.userId, call.body, keyedRequest(endpoints.createShareLink, call)),
  );
  mount(endpoints.listShareLinks, ({ principal, query }) =>
    listShareLinks(context, principal.userId, query.limit, query.cursor),
  );
  mount(endpoints.getShareLink, ({ principal, params }) =>
    getShareLink(context, principal.userId, params.id),
  );
  mount(endpoints.updateShareLink, ({ principal, params, body }) =>
    updateShareLink(context, principal.userId, params.id, body),
  );
  mount(endpoints.deleteShareLink, async ({ principal, params }) => {
    await deleteShareLink(context, principal.userId, params.id);
    return undefined;
  });

  mount(endpoints.getShareContent, ({ params, query, req }) =>
    viewShare(context, {
      token: params.token,
      unlockToken: req.get('x-share-token'),
      cursor: query.cursor,
      limit: query.limit,
      counted: req.method === 'GET',
    }),
  );
  mount(endpoints.unlockShare, ({ params, body }) => unlockShare(context, params.token, body.password));

  mount(internalEndpoints.viewShare, ({ body }) => viewShare(context, body));
  mount(internalEndpoints.unlockShareLink, ({ body }) => unlockShare(context, body.token, body.password));
}
