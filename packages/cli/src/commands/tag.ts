import { tagKey } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { UsageError } from '../errors.js';
import { batchesOf, reportBatches, sendBatches } from '../library/batches.js';
import { photosOrThrow } from '../library/find.js';

export interface TagOptions {
  add?: string[];
  remove?: string[];
}

/** Adds tags to photos and removes tags from them. A repetition changes nothing. */
export async function tag(
  context: Context,
  references: readonly string[],
  { add = [], remove = [] }: TagOptions,
): Promise<number> {
  const { client, signal } = context;
  if (add.length + remove.length === 0) throw new UsageError('give --add <tag> or --remove <tag>');
  const added = new Set(add.map(tagKey));
  const both = remove.find((name) => added.has(tagKey(name)));
  if (both !== undefined) throw new UsageError(`"${both}" cannot be both added and removed`);
  await signedInAccount(context);
  const photos = await photosOrThrow(context, references, 'library');
  const change = { addTags: add, removeTags: remove, updatedAt: new Date().toISOString() };
  const changed: { id: string; fileName: string; tags: string[] }[] = [];
  const tally = await sendBatches(batchesOf(photos), async (batch) => {
    const updates = batch.map(({ id }) => ({ id, ...change }));
    const { results } = await client.editPhotos({ body: { updates } }, { signal });
    for (const { photo } of results)
      if (photo !== undefined) changed.push({ id: photo.id, fileName: photo.fileName, tags: photo.tags });
    return results;
  });
  for (const { fileName, tags } of changed)
    context.output.line(`${fileName}: ${tags.join(', ') || 'no tags'}`);
  return reportBatches(context, 'Changed', tally, { photos: changed });
}
