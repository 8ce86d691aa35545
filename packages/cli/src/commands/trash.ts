import { pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, exitCodes, UsageError } from '../errors.js';
import { count, formatBytes, formatLocalTime } from '../format.js';
import { batchesOf, reportBatches, sendBatches } from '../library/batches.js';
import { type NamedPhoto, photosOrThrow } from '../library/find.js';
import { photoEntry, printList } from '../library/listing.js';

/** Lists the photos in the trash and prints how long they stay there. */
export async function listTrash(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const trash = await client.getTrash(undefined, { signal });
  const kept = `they stay for ${count(trash.retentionDays, 'day')}`;
  if (trash.count > 0)
    output.note(`${count(trash.count, 'photo')} in the trash (${formatBytes(trash.bytes)}); ${kept}.`);
  if (trash.emptying) output.note('The node is emptying the trash.');
  return printList(context, {
    limit,
    field: 'photos',
    page: (query) => client.listPhotos({ query: { ...query, trashed: true } }, { signal }),
    empty: 'The trash is empty.',
    document: { trash },
    entry: photoEntry,
    columns: ({ id, fileName, purgeAt }) => [
      fileName,
      purgeAt === undefined ? '-' : `until ${formatLocalTime(purgeAt)}`,
      id,
    ],
  });
}

/** Permanently removes everything in the trash after a confirmation. */
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
  if (!yes && !(await prompts.confirm(`Permanently remove ${what}?`, '--yes')))
    throw new CliError('not_confirmed', 'nothing was removed');
  const trash = await client.emptyTrash(undefined, { signal });
  output.line(`The node will now permanently remove ${what}.`);
  output.note(`To see the progress, run: ${nextCommand(context, 'trash list')}`);
  output.document({ trash, removed: before.count });
  return exitCodes.ok;
}

/** Restores the named photos from the trash, or all. */
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

/** The cursor points behind the last photo of a page, so it stays right when these photos have left the trash. */
async function* trashPages({ client, signal }: Context): AsyncGenerator<NamedPhoto[], void> {
  const ask = (cursor: string | undefined) =>
    client.listPhotos({ query: { trashed: true, cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { photos } of pagesOf(ask)) {
    if (photos.length > 0) yield photos.map(({ id, fileName }) => ({ id, fileName }));
  }
}
