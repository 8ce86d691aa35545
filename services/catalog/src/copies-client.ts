import type { CopiesApi } from '@lazyphotos/contracts';
import { createCopiesClient, type Peers, ProblemError } from '@lazyphotos/service-kit';

/** The media worker of another process, over HTTP; without its address no copy can be had. */
export function createCopies(peers: Peers, mediaWorkerUrl: string | undefined): CopiesApi {
  if (mediaWorkerUrl !== undefined) return createCopiesClient(peers, mediaWorkerUrl);
  return {
    makeCopy: async () => {
      throw new ProblemError(
        'service_unavailable',
        'LAZYPHOTOS_MEDIA_WORKER_URL is not set on the catalog.',
        {
          headers: { 'Retry-After': '300' },
        },
      );
    },
  };
}
