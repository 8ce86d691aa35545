import type { Album } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { exitCodes } from '../errors.js';
import { count } from '../format.js';
import { albumOrThrow } from '../library/find.js';
import { photoColumns, photoEntry, printList } from '../library/listing.js';

const albumEntry = ({ id, name, description, itemCount, order, createdAt, updatedAt }: Album) => ({
  id,
  name,
  description,
  itemCount,
  order,
  createdAt,
  updatedAt,
});

/** Lists the albums, newest first. */
export async function listAlbums(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const { entries, hasMore } = await printList(context, {
    limit,
    page: async (query) => {
      const { albums: items, ...rest } = await client.listAlbums({ query }, { signal });
      return { items, ...rest };
    },
    nothing: 'There is no album.',
    entry: albumEntry,
    columns: ({ id, name, itemCount }) => [name, count(itemCount, 'photo'), id],
  });
  output.document({ albums: entries, hasMore });
  return exitCodes.ok;
}

/** Lists the photos of one album, in its order. */
export async function showAlbum(
  context: Context,
  reference: string,
  { limit }: { limit: number },
): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const album = await albumOrThrow(context, reference);
  output.note(`${album.name}: ${count(album.itemCount, 'photo')}`);
  if (album.description !== undefined) output.note(album.description);
  const { entries, hasMore } = await printList(context, {
    limit,
    page: (query) => client.listAlbumItems({ params: { id: album.id }, query }, { signal }),
    nothing: 'There is no photo in it.',
    entry: photoEntry,
    columns: photoColumns,
  });
  output.document({ album: albumEntry(album), photos: entries, hasMore });
  return exitCodes.ok;
}
