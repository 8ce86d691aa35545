import { pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, UsageError, exitCodes } from '../errors.js';
import { count, formatBytes, formatLocalTime } from '../format.js';
import { batchesOf, reportBatches, sendBatches } from '../library/batches.js';
import { type NamedPhoto, photosOrThrow } from '../library/find.js';
import { photoEntry, printList } from '../library/listing.js';

/** Lists what is in the trash, and says how long it stays there. */
export async function listTrash(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const trash = await client.getTrash(undefined, { signal });
  const kept = `they stay for ${count(trash.retentionDays, 'day')}`;
  if (trash.count > 0)
    output.note(`${count(trash.count, 'photo')} in the trash (${formatBytes(trash.bytes)}); ${kept}.`);
  if (trash.emptying) output.note('It is being emptied.');
  const { entries, hasMore } = await printList(context, {
    limit,
    page: async (query) => {
      const { photos: items, ...rest } = await client.listPhotos(
        { query: { ...query, trashed: true } },
        { signal },
      );
      return { items, ...rest };
    },
    nothing: 'The trash is empty.',
    entry: photoEntry,
    columns: ({ id, fileName, purgeAt }) => [
      fileName,
      purgeAt === undefined ? '-' : `until ${formatLocalTime(purgeAt)}`,
      id,
    ],
  });
  output.document({ trash, photos: entries, hasMore });
  return exitCodes.ok;
}

/** Removes for good what is in the trash, once that has been confirmed. */
export async function emptyTrash(context: Context, { yes = false }: { yes?: boolean }): Promise<number> {
  const { client, output, prompts, signal } = context;
  await signedInAccount(context);
  const before = await client.getTrash(undefined, { signal });
  if (before.count === 0) {
    output.line('The trash is empty.');
    output.document({ trash: before, removed: 0 });
    return exitCodes.ok;
  }
  const what = `${count(before.count, 'photo')} (${formatBytes(before.bytes)})`;
  if (!yes && !(await prompts.confirm(`Remove ${what} for good?`, '--yes')))
    throw new CliError('not_confirmed', 'nothing was removed');
  const trash = await client.emptyTrash(undefined, { signal });
  output.line(`${what} will be removed for good in a moment.`);
  output.note(`How far it is: ${nextCommand(context, 'trash list')}`);
  output.document({ trash, removed: before.count });
  return exitCodes.ok;
}

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
