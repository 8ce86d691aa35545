import type { FeedItem } from '@lazyphotos/contracts';
import type { Client } from './client.js';
import { hasCode } from './errors.js';
import { sleep } from './sleep.js';

export interface FollowFeedOptions {
  /** Where to continue; undefined means from the beginning. */
  cursor?: string | undefined;
  /** Awaited before the next page is asked for, so a caller may keep the cursor only once the items are stored. */
  onItems?: ((items: FeedItem[], cursor: string) => Promise<void> | void) | undefined;
  signal?: AbortSignal | undefined;
  /** Pause between two questions once everything has been read. */
  pollMs?: number;
  /** Items in a page, 1 to 500. */
  limit?: number;
}

export type FeedEvent =
  | { type: 'items'; items: FeedItem[]; cursor: string }
  /** The cursor is from before the kept log, or from before a restored backup: read /photos anew, then follow from its `feedCursor`. */
  | { type: 'resync' };

/** Follows the account's changes until the signal is aborted, or until the caller has to resync. */
export async function* followFeed(
  client: Client,
  options: FollowFeedOptions = {},
): AsyncGenerator<FeedEvent, void> {
  const { onItems, signal, pollMs = 15_000, limit = 500 } = options;
  let cursor = options.cursor;
  try {
    while (!signal?.aborted) {
      const page = await client.getFeed({ query: { cursor, limit } }, { signal });
      if (page.items.length > 0 || page.cursor !== cursor) {
        await onItems?.(page.items, page.cursor);
        yield { type: 'items', items: page.items, cursor: page.cursor };
      }
      cursor = page.cursor;
      if (!page.hasMore) await sleep(pollMs, signal);
    }
  } catch (error) {
    if (signal?.aborted) return;
    if (!hasCode(error, 'cursor_expired')) throw error;
    yield { type: 'resync' };
  }
}
