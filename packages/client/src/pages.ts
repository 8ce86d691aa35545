import { MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import type { Client } from './client.js';

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
