import { endpoints, type NodeApi } from '@lazyphotos/contracts';
import type { Peers } from '@lazyphotos/service-kit';

/** The auth service of another process, over HTTP. */
export const createNodeClient = ({ call }: Peers, authUrl: string): NodeApi => ({
  isClaimed: async () => (await call(authUrl, endpoints.serverStatus, {})).claimed,
});
