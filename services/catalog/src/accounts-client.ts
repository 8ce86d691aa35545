import { type AccountsApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Peers } from '@lazyphotos/service-kit';

/** The accounts of the auth service in another process, over HTTP. */
export const createAccountsClient = ({ call }: Peers, authUrl: string): AccountsApi => ({
  displayName: async (userId) =>
    (await call(authUrl, internalEndpoints.displayName, { params: { userId } })).displayName,
});
