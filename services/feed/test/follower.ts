import { createClient, createMemoryTokenStore, followFeed } from '@lazyphotos/client';
import type { FeedItem } from '@lazyphotos/contracts';
import { type Feed, tokenOf } from './harness.js';

/** What a device knows that has applied every item of the feed in order. */
export interface Folded {
  photos: Map<string, number>;
  albums: Map<string, { name: string; version: number; photoIds: string[] }>;
}

function apply(known: Folded, item: FeedItem): void {
  if (item.type === 'photo') known.photos.set(item.data.id, item.data.version);
  else if (item.type === 'album') {
    const { id, name, version, photoIds } = item.data;
    known.albums.set(id, { name, version, photoIds });
  } else if (item.data.entity === 'photo') known.photos.delete(item.data.id);
  else known.albums.delete(item.data.id);
}

/** A device that follows one user's feed from the beginning, with the client's `followFeed`. */
export function createFollower(feed: Feed, userId: string) {
  const known: Folded = { photos: new Map(), albums: new Map() };
  const tokens = { accessToken: tokenOf(userId), refreshToken: '', expiresAt: Date.now() + 3_600_000 };
  const client = createClient({ baseUrl: feed.url, tokens: createMemoryTokenStore(tokens) });
  let cursor: string | undefined;

  /** Applies what the feed hands over next, then forgets everything but the cursor, as after a crash. Resolves to whether there is more. */
  const page = async (limit: number): Promise<boolean> => {
    const end = new AbortController();
    let hasMore = true;
    const getFeed: typeof client.getFeed = async (...call) => {
      const read = await client.getFeed(...call);
      hasMore = read.hasMore;
      if (!hasMore) end.abort();
      return read;
    };
    for await (const event of followFeed({ ...client, getFeed }, { cursor, limit, signal: end.signal })) {
      if (event.type !== 'items') throw new Error('the feed wants a device to start again');
      for (const item of event.items) apply(known, item);
      cursor = event.cursor;
      break;
    }
    return hasMore;
  };
  return {
    known,
    page,
    catchUp: async (limit = 100): Promise<Folded> => {
      while (await page(limit));
      return known;
    },
  };
}

export const itemIds = (items: FeedItem[]): string[] => items.map(({ data }) => data.id);
