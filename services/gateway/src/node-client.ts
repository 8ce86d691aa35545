import { endpoints, type NodeApi } from '@lazyphotos/contracts';
import { callPeer } from '@lazyphotos/service-kit';

/** The auth service of another process, over HTTP. */
export const createNodeClient = (authUrl: string): NodeApi => ({
  isClaimed: async () => (await callPeer(authUrl, endpoints.serverStatus, {})).claimed,
});
