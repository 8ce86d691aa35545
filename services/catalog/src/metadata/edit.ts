import { MAX_PAGE_BYTES, type MetadataPatch } from '@lazyphotos/contracts';
import type { Emit } from '@lazyphotos/database';
import type { CatalogContext } from '../context.js';
import { batchesOf, readListSizes, rowsOf } from '../photos/batches.js';
import { lockPhotos } from '../photos/lock.js';
import { bytesOf } from '../photos/page-bytes.js';
import { photoRecordOf } from '../photos/record.js';
import { savePhotos } from '../photos/save.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { isInFeed, ownPhotosById } from '../visibility.js';
import { type Merged, mergePatch, TooManyTagsError } from './merge.js';
import { relocationOf } from './place.js';

export interface PhotoEdit {
  id: string;
  patch: MetadataPatch;
}

/** What became of one edit. `photo` is the row as it is after the whole batch; absent where the rows would be too large together. */
export type EditOutcome =
  | { status: 'ok'; photo?: PhotoRow }
  | { status: 'not_found' }
  | { status: 'too_many_tags'; error: TooManyTagsError };

/**
 * Applies edits in their order. Returns an outcome for each; a photo that is not this user's is `not_found`. The first outcomes have their rows,
 * up to MAX_PAGE_BYTES.
 */
export async function editPhotos(
  context: CatalogContext,
  userId: string,
  edits: readonly PhotoEdit[],
): Promise<EditOutcome[]> {
  const outcomes: EditOutcome[] = [];
  const ids = edits.map(({ id }) => id);
  const sizes = await readListSizes(context.db, userId, ids);
  const rows = ({ id, patch }: PhotoEdit) => rowsOf(sizes.get(id), tagChangesOf(patch));
  let bytes = 0;
  const fitting = (outcome: EditOutcome): EditOutcome => {
    if (outcome.status !== 'ok' || !outcome.photo) return outcome;
    bytes += bytesOf(outcome.photo);
    return bytes <= MAX_PAGE_BYTES ? outcome : { status: 'ok' };
  };
  for (const batch of batchesOf(edits, rows))
    for (const outcome of await editBatch(context, userId, batch)) outcomes.push(fitting(outcome));
  return outcomes;
}

async function editBatch(
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
      outcome.status === 'ok' && outcome.photo
        ? { ...outcome, photo: saved.get(outcome.photo.id) ?? outcome.photo }
        : outcome,
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

/** A photo with all changes of one transaction. */
interface Draft {
  before: PhotoRow;
  row: PhotoRow;
  isChanged: boolean;
  isRemembered: boolean;
}

/** Locks those of these photos that are this user's, and returns a draft of each by its id. */
export async function lockDrafts(
  tx: CatalogTx,
  userId: string,
  ids: readonly string[],
): Promise<Map<string, Draft>> {
  const locked = await lockPhotos(tx, userId, ids);
  // Not by all ids: a photo that came in between is not locked.
  const rows = await tx.photo.findMany({ where: ownPhotosById(userId, [...locked]) });
  return new Map(rows.map((row) => [row.id, { before: row, row, isChanged: false, isRemembered: false }]));
}

/** Adds the outcome of a merge to the draft. */
export function takeInto(draft: Draft, { row, isChanged, isRemembered }: Merged): void {
  draft.row = row;
  draft.isChanged ||= isChanged;
  draft.isRemembered ||= isRemembered;
}

/** Saves what has changed and emits one event for each photo that shows a change. Returns the changed photos by their ids. */
export async function saveDrafts(
  tx: CatalogTx,
  emit: Emit,
  drafts: readonly Draft[],
  at: Date,
): Promise<Map<string, PhotoRow>> {
  const saved = drafts
    .filter(({ isChanged, isRemembered }) => isChanged || isRemembered)
    .map(({ before, row, isChanged }) => ({
      before,
      isChanged,
      row: isChanged ? { ...row, version: row.version + 1, updatedAt: at } : row,
    }));
  await savePhotos(
    tx,
    saved.map(({ row }) => row),
  );
  for (const { before, row, isChanged } of saved) {
    if (isChanged && isInFeed(row)) emit('photo.changed', { photo: photoRecordOf(row) });
    const relocation = relocationOf(before, row);
    if (relocation) emit('photo.relocated', relocation);
  }
  return new Map(saved.map(({ row }) => [row.id, row]));
}
