import type { FeedItem } from '@lazyphotos/contracts';
import type { Feed } from './harness.js';

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

/** A device that follows one user's feed from the beginning. */
export function createFollower(feed: Feed, userId: string) {
  const known: Folded = { photos: new Map(), albums: new Map() };
  let cursor: string | undefined;

  /** Applies one page. Resolves to whether there is more. */
  const page = async (limit: number): Promise<boolean> => {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor === undefined ? {} : { cursor }) });
    const reply = await feed.get(userId, `?${query}`);
    if (reply.status !== 200) throw new Error(`the feed answered ${reply.status}: ${reply.text}`);
    for (const item of reply.body.items) apply(known, item);
    cursor = reply.body.cursor;
    return reply.body.hasMore;
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
