import { type FeedItem, type ImportJob, MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import type { Client } from './client.js';
import { hasCode } from './errors.js';
import { isTransient, sleep } from './retry.js';

/** What the pages of every list have. */
export interface Page {
  cursor: string | null;
  hasMore: boolean;
}

/** The pages of a list, one after the other. `ask` gets the cursor of the page before, undefined for the first page. */
export async function* pagesOf<P extends Page>(
  ask: (cursor: string | undefined) => Promise<P>,
): AsyncGenerator<P, void> {
  let cursor: string | undefined;
  for (;;) {
    const page = await ask(cursor);
    yield page;
    if (!page.hasMore || page.cursor === null) return;
    cursor = page.cursor;
  }
}

/** All photos of the account, or of one album, in pages of 500. Those in the trash are left out. */
export async function* photoPages(
  client: Client,
  { albumId, signal }: { albumId?: string | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Photo[], void> {
  const ask = async (cursor: string | undefined): Promise<Page & { photos: Photo[] }> => {
    const query = { cursor, limit: MAX_LIMIT };
    if (albumId === undefined) return client.listPhotos({ query }, { signal });
    const { items, ...rest } = await client.listAlbumItems({ params: { id: albumId }, query }, { signal });
    return { photos: items, ...rest };
  };
  for await (const { photos } of pagesOf(ask)) yield photos;
}

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

export interface FollowImportOptions {
  signal?: AbortSignal | undefined;
  /** Pause between two questions. */
  pollMs?: number;
  /** How long the node may be out of reach before following ends with the error: it may be restarting. */
  giveUpAfterMs?: number;
  /** A question got no answer; the next one follows. */
  onTrouble?: ((error: unknown) => void) | undefined;
}

const ended: ReadonlySet<ImportJob['status']> = new Set(['completed', 'failed', 'cancelled']);

/** Whether an import makes no more progress, unless archives are added to it. */
export const hasEnded = ({ status }: ImportJob): boolean => ended.has(status);

/**
 * Asks how far an import is until it has ended, whatever pauses it meanwhile. The last state that is yielded is the one at its end.
 * Rejects with the signal's reason when aborted; the import goes on.
 */
export async function* followImport(
  client: Client,
  id: string,
  options: FollowImportOptions = {},
): AsyncGenerator<ImportJob, void> {
  const { signal, pollMs = 2000, giveUpAfterMs = 15 * 60_000, onTrouble } = options;
  let lastHeard = performance.now();
  const ask = async (): Promise<ImportJob | undefined> => {
    try {
      const job = await client.getImport({ params: { id } }, { signal });
      lastHeard = performance.now();
      return job;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error) || performance.now() - lastHeard > giveUpAfterMs) throw error;
      onTrouble?.(error);
      return undefined;
    }
  };
  for (;;) {
    const job = await ask();
    if (job !== undefined) yield job;
    if (job !== undefined && hasEnded(job)) return;
    await sleep(pollMs, signal);
  }
}
