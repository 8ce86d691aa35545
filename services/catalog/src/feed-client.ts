import { type FeedApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Peers } from '@lazyphotos/service-kit';

/** The feed of another process, over HTTP. */
export const createFeedClient = ({ call }: Peers, baseUrl: string): FeedApi => ({
  headCursor: async (userId) =>
    (await call(baseUrl, internalEndpoints.headCursor, { params: { userId } })).cursor,
});
