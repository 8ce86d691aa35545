import type { MetadataPatch } from '@lazyphotos/contracts';
import type { CatalogContext } from '../context.js';
import { chunksOf, readListSizes, rowsOf } from '../photos/chunks.js';
import type { PhotoRow } from '../prisma.js';
import { type Draft, lockDrafts, saveDrafts, takeInto } from './drafts.js';
import { type Merged, mergePatch, TooManyTagsError } from './merge.js';

export interface PhotoEdit {
  id: string;
  patch: MetadataPatch;
}

/** What became of one edit. `photo` is the row as it is after the whole chunk. */
export type EditOutcome =
  | { status: 'ok'; photo: PhotoRow }
  | { status: 'not_found' }
  | { status: 'too_many_tags'; error: TooManyTagsError };

/** Applies edits in their order. Returns an outcome for each; a photo that is not this user's is `not_found`. */
export async function editPhotos(
  context: CatalogContext,
  userId: string,
  edits: readonly PhotoEdit[],
): Promise<EditOutcome[]> {
  const outcomes: EditOutcome[] = [];
  const ids = edits.map(({ id }) => id);
  const sizes = await readListSizes(context.db, userId, ids);
  const rows = ({ id, patch }: PhotoEdit) => rowsOf(sizes.get(id), tagChangesOf(patch));
  for (const chunk of chunksOf(edits, rows)) outcomes.push(...(await editChunk(context, userId, chunk)));
  return outcomes;
}

async function editChunk(
  { unitOfWork, now, metrics }: CatalogContext,
  userId: string,
  edits: readonly PhotoEdit[],
): Promise<EditOutcome[]> {
  const counted = { applied: 0, dropped: 0 };
  const outcomes = await unitOfWork.transaction(async (tx, emit) => {
    const at = now();
    const ids = [...new Set(edits.map(({ id }) => id))];
    const drafts = await lockDrafts(tx, userId, ids);
    const merged = edits.map(({ id, patch }) => mergeInto(drafts.get(id), patch, at, counted));
    const saved = await saveDrafts(tx, emit, [...drafts.values()], at);
    return merged.map((outcome) =>
      outcome.status === 'ok' ? { ...outcome, photo: saved.get(outcome.photo.id) ?? outcome.photo } : outcome,
    );
  });
  metrics.edits.inc({ outcome: 'applied' }, counted.applied);
  metrics.edits.inc({ outcome: 'dropped' }, counted.dropped);
  return outcomes;
}

const tagChangesOf = ({ tags = [], addTags = [], removeTags = [] }: MetadataPatch): number =>
  tags.length + addTags.length + removeTags.length;

/** Merges one edit into its photo, if there is one. */
function mergeInto(
  draft: Draft | undefined,
  patch: MetadataPatch,
  now: Date,
  counted: { applied: number; dropped: number },
): EditOutcome {
  if (!draft) return { status: 'not_found' };
  let merged: Merged;
  try {
    merged = mergePatch(draft.row, patch, now);
  } catch (error) {
    if (error instanceof TooManyTagsError) return { status: 'too_many_tags', error };
    throw error;
  }
  counted.applied += merged.applied;
  counted.dropped += merged.dropped;
  takeInto(draft, merged);
  return { status: 'ok', photo: merged.row };
}
