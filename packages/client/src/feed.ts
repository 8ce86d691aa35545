import type { FeedItem } from '@lazyphotos/contracts';
import type { Client } from './client.js';
import { hasCode } from './errors.js';
import { sleep } from './retry.js';

export interface FollowFeedOptions {
  /** The position to continue from; undefined for the beginning. */
  cursor?: string | undefined;
  /** It ends before the next page is requested, so a caller can save the cursor after it has stored the items. */
  onItems?: ((items: FeedItem[], cursor: string) => Promise<void> | void) | undefined;
  signal?: AbortSignal | undefined;
  /** Pause between two requests at the end of the feed. */
  pollMs?: number;
  /** Items in a page, 1 to 500. */
  limit?: number;
}

export type FeedEvent =
  /** Albums are whole here: those that come in parts are put together first. */
  | { type: 'items'; items: FeedItem[]; cursor: string }
  /**
   * The cursor is older than the log or than a restored backup, or somebody else has saved it in the middle of an album: read /photos
   * again, then follow from its `feedCursor`.
   */
  | { type: 'resync' };

/**
 * Yields the changes of the account until the signal is aborted or the caller has to resync. A page that ends within an album is handed
 * over together with those that have its other parts, so that a caller never saves a cursor in the middle of an album.
 */
export async function* followFeed(
  client: Client,
  options: FollowFeedOptions = {},
): AsyncGenerator<FeedEvent, void> {
  const { onItems, signal, pollMs = 15_000, limit = 500 } = options;
  const whole = new WholeAlbums();
  let cursor = options.cursor;
  let items: FeedItem[] = [];
  try {
    while (!signal?.aborted) {
      const page = await client.getFeed({ query: { cursor, limit } }, { signal });
      items.push(...whole.take(page.items));
      if (!whole.isWaiting && (items.length > 0 || page.cursor !== cursor)) {
        await onItems?.(items, page.cursor);
        yield { type: 'items', items, cursor: page.cursor };
        items = [];
      }
      cursor = page.cursor;
      if (!page.hasMore) await sleep(pollMs, signal);
    }
  } catch (error) {
    if (signal?.aborted) return;
    if (!hasCode(error, 'cursor_expired') && !(error instanceof PartsMissingError)) throw error;
    yield { type: 'resync' };
  }
}

/** A part of an album came without those before it: the cursor was in the middle of the album. */
class PartsMissingError extends Error {}

type AlbumItem = Extract<FeedItem, { type: 'album' }>;

/**
 * Puts albums together that come in parts. An album that changes before its last part has come begins again later in the feed; the parts
 * so far are dropped when something else comes instead of the next one.
 */
class WholeAlbums {
  #parts: AlbumItem[] = [];
  #photos = 0;

  /** Whether the last page has ended within an album. */
  get isWaiting(): boolean {
    return this.#parts.length > 0;
  }

  /** Returns the items of the next page, with an album as one item at the place of its last part. */
  take(items: readonly FeedItem[]): FeedItem[] {
    if (items.length === 0) this.#drop();
    return items.flatMap((item) => {
      if (item.type === 'album' && item.data.part) return this.#takePart(item);
      this.#drop();
      return item;
    });
  }

  #takePart(item: AlbumItem): FeedItem[] {
    const { id, photoIds, part } = item.data;
    const isNext = this.#parts.at(-1)?.data.id === id && part?.offset === this.#photos;
    if (!isNext) this.#drop();
    if (part?.offset !== this.#photos) throw new PartsMissingError();
    this.#parts.push(item);
    this.#photos += photoIds.length;
    if (!part.isLast) return [];
    const { part: _, ...album } = item.data;
    const whole = { ...item, data: { ...album, photoIds: this.#parts.flatMap(({ data }) => data.photoIds) } };
    this.#drop();
    return [whole];
  }

  #drop(): void {
    this.#parts = [];
    this.#photos = 0;
  }
}
