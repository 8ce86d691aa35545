import { internalEndpoints, type SharesApi } from '@lazyphotos/contracts';
import type { Peers } from '@lazyphotos/service-kit';

/** The share links of the catalog in another process, over HTTP. */
export const createSharesClient = ({ call }: Peers, catalogUrl: string): SharesApi => ({
  view: (view) => call(catalogUrl, internalEndpoints.viewShare, { body: view }),
  unlock: (token, password) =>
    call(catalogUrl, internalEndpoints.unlockShareLink, { body: { token, password } }),
});
