import type { Emit } from '@lazyphotos/database';
import { lockPhotos } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import { savePhotos } from '../photos/save.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { isInFeed, ownPhotosById } from '../visibility.js';
import type { Merged } from './merge.js';
import { relocationOf } from './place.js';

/** A photo with everything merged in that one transaction changes. */
export interface Draft {
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

/** Makes the outcome of a merge the state of the draft. */
export function takeInto(draft: Draft, { row, isChanged, isRemembered }: Merged): void {
  draft.row = row;
  draft.isChanged ||= isChanged;
  draft.isRemembered ||= isRemembered;
}

/** Saves what has changed and emits one event for each photo that shows it. Returns the photos as they are now, by id. */
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
