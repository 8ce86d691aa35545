import { type ImportJob, MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import type { Client } from './client.js';
import { isTransient, sleep } from './retry.js';

/** The common fields of the pages of all lists. */
export interface Page {
  cursor: string | null;
  hasMore: boolean;
}

/** Yields the pages of a list. `ask` gets the cursor of the previous page, and undefined for the first page. */
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

/** Yields all photos of the account, or of one album, in pages of 500, without those in the trash. */
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

export interface FollowImportOptions {
  signal?: AbortSignal | undefined;
  /** Pause between two requests. */
  pollMs?: number;
  /** How long the node may be unreachable, for example during a restart, before this ends with the error. */
  giveUpAfterMs?: number;
  /** A request failed; the next one follows. */
  onTrouble?: ((error: unknown) => void) | undefined;
}

const ENDED: ReadonlySet<ImportJob['status']> = new Set(['completed', 'failed', 'cancelled']);

/** Returns whether an import has ended. */
export const hasEnded = ({ status }: ImportJob): boolean => ENDED.has(status);

/**
 * Yields the states of an import until it has ended, also during pauses. The last state is the final one. Rejects with the reason of the
 * signal after an abort; the import itself continues.
 */
export async function* followImport(
  client: Client,
  id: string,
  options: FollowImportOptions = {},
): AsyncGenerator<ImportJob, void> {
  const { signal, pollMs = 2000, giveUpAfterMs = 15 * 60_000, onTrouble } = options;
  let lastResponse = performance.now();
  const ask = async (): Promise<ImportJob | undefined> => {
    try {
      const job = await client.getImport({ params: { id } }, { signal });
      lastResponse = performance.now();
      return job;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error) || performance.now() - lastResponse > giveUpAfterMs) throw error;
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
