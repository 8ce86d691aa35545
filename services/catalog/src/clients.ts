import { type AccountsApi, type CopiesApi, type FeedApi, internalEndpoints } from '@lazyphotos/contracts';
import { createCopiesClient, type Peers, ProblemError } from '@lazyphotos/service-kit';

/** The accounts of the auth service in another process, over HTTP. */
export const createAccountsClient = (peers: Peers, authUrl: string): AccountsApi => ({
  displayName: async (userId) =>
    (await peers.call(authUrl, internalEndpoints.displayName, { params: { userId } })).displayName,
});

/** The feed of another process, over HTTP. */
export const createFeedClient = (peers: Peers, feedUrl: string): FeedApi => ({
  headCursor: async (userId) =>
    (await peers.call(feedUrl, internalEndpoints.headCursor, { params: { userId } })).cursor,
});

/** The media worker of another process, over HTTP. Without its address no copies can be made. */
export function createCopies(peers: Peers, mediaWorkerUrl: string | undefined): CopiesApi {
  if (mediaWorkerUrl !== undefined) return createCopiesClient(peers, mediaWorkerUrl);
  const detail = 'LAZYPHOTOS_MEDIA_WORKER_URL is not set on the catalog.';
  return {
    makeCopy: async () => {
      throw new ProblemError('service_unavailable', detail, { headers: { 'Retry-After': '300' } });
    },
  };
}
