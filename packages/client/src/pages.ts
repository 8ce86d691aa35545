import { MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import type { Client } from './client.js';

interface PhotoPage {
  photos: Photo[];
  cursor: string | null;
  hasMore: boolean;
}

/** All photos of the account, or of one album, in pages of 500. Those in the trash are left out. */
export async function* photoPages(
  client: Client,
  { albumId, signal }: { albumId?: string | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Photo[], void> {
  const ask = async (cursor: string | undefined): Promise<PhotoPage> => {
    const query = { cursor, limit: MAX_LIMIT };
    if (albumId === undefined) return client.listPhotos({ query }, { signal });
    const { items, ...rest } = await client.listAlbumItems({ params: { id: albumId }, query }, { signal });
    return { photos: items, ...rest };
  };
  let cursor: string | undefined;
  for (;;) {
    const page = await ask(cursor);
    yield page.photos;
    if (!page.hasMore || page.cursor === null) return;
    cursor = page.cursor;
  }
}
