import type { Album } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { count, pick } from '../format.js';
import { albumOrThrow } from '../library/find.js';
import { photoColumns, photoEntry, printList } from '../library/listing.js';

const albumEntry = (album: Album) =>
  pick(album, ['id', 'name', 'description', 'itemCount', 'order', 'createdAt', 'updatedAt']);

/** Lists the albums, newest first. */
export async function listAlbums(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, signal } = context;
  await signedInAccount(context);
  return printList(context, {
    limit,
    field: 'albums',
    page: (query) => client.listAlbums({ query }, { signal }),
    empty: 'You have no albums.',
    entry: albumEntry,
    columns: ({ id, name, itemCount }) => [name, count(itemCount, 'photo'), id],
  });
}

/** Lists the photos of one album, in the order of the album. */
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
  return printList(context, {
    limit,
    field: 'items',
    page: (query) => client.listAlbumItems({ params: { id: album.id }, query }, { signal }),
    empty: 'The album has no photos.',
    entry: photoEntry,
    columns: photoColumns,
    document: { album: albumEntry(album) },
    documentField: 'photos',
  });
}
