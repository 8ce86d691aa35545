import { pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { UsageError } from '../errors.js';
import { batchesOf, reportBatches, sendBatches } from '../library/batches.js';
import { type NamedPhoto, photosOrThrow } from '../library/find-photo.js';

/** Brings photos back from the trash: those that are named, or all. */
export async function restoreFromTrash(
  context: Context,
  references: readonly string[],
  { all = false }: { all?: boolean },
): Promise<number> {
  const { client, signal } = context;
  if (all === references.length > 0) throw new UsageError('give the photos to restore, or --all');
  await signedInAccount(context);
  const batches = all ? trashPages(context) : batchesOf(await photosOrThrow(context, references, 'trash'));
  const tally = await sendBatches(batches, async (photos) => {
    const ids = photos.map(({ id }) => id);
    return (await client.restorePhotos({ body: { ids } }, { signal })).results;
  });
  return reportBatches(context, 'Restored', tally);
}

/** A page goes on behind the last photo of the one before, so it does not matter that those have left the trash by then. */
async function* trashPages({ client, signal }: Context): AsyncGenerator<NamedPhoto[], void> {
  const ask = (cursor: string | undefined) =>
    client.listPhotos({ query: { trashed: true, cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { photos } of pagesOf(ask)) {
    if (photos.length > 0) yield photos.map(({ id, fileName }) => ({ id, fileName }));
  }
}
