import { ProblemError } from '@lazyphotos/service-kit';

/** How many archives one process sends at a time; each takes one connection to the store and some buffers. */
const MAX_ARCHIVES = 16;
const MAX_PER_LINK = 8;
const MAX_PER_CLIENT = 3;
const RETRY_AFTER = { headers: { 'Retry-After': '30' } };

export interface ArchiveSlots {
  /**
   * Takes a slot for one archive. Returns a function that gives it back.
   * @throws ProblemError `rate_limited` when the client has too many, `service_unavailable` when the link or the process has
   */
  take(token: string, client: string): () => void;
}

/** Counts by key. A key without a count takes no memory. */
function createCounts() {
  const counts = new Map<string, number>();
  const get = (key: string) => counts.get(key) ?? 0;
  return {
    get,
    change: (key: string, by: 1 | -1) => {
      const count = get(key) + by;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}

/** Bounds the archives that are sent at a time, so that neither one client nor one link can take all slots. */
export function createArchiveSlots(): ArchiveSlots {
  const ofLinks = createCounts();
  const ofClients = createCounts();
  let all = 0;
  const change = (token: string, client: string, by: 1 | -1) => {
    all += by;
    ofLinks.change(token, by);
    ofClients.change(client, by);
  };
  return {
    take: (token, client) => {
      if (ofClients.get(client) >= MAX_PER_CLIENT)
        throw new ProblemError('rate_limited', 'You are downloading several archives already.', RETRY_AFTER);
      if (all >= MAX_ARCHIVES || ofLinks.get(token) >= MAX_PER_LINK)
        throw new ProblemError('service_unavailable', 'Too many archives are being downloaded.', RETRY_AFTER);
      change(token, client, 1);
      return () => change(token, client, -1);
    },
  };
}
