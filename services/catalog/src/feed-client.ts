import { type FeedApi, internalEndpoints } from '@lazyphotos/contracts';
import { callPeer } from '@lazyphotos/service-kit';

/** The feed of another process, over HTTP. */
export const createFeedClient = (baseUrl: string): FeedApi => ({
  headCursor: async (userId) =>
    (await callPeer(baseUrl, internalEndpoints.headCursor, { params: { userId } })).cursor,
});
