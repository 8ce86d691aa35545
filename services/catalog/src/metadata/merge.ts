import { MAX_TAGS, type MetadataPatch } from '@lazyphotos/contracts';
import { photoRecordOf } from '../photos/record.js';
import type { PhotoRow } from '../prisma.js';
import { editTime } from '../values.js';
import {
  EDITABLE_FIELDS,
  type EditableField,
  mergeTags,
  newestTime,
  readEdits,
  storedEdits,
  type TagChange,
  tagsOf,
} from './edits.js';
import { type FieldValues, valuesOfPatch, valuesOfRow, writeField } from './fields.js';

/** The outcome of an edit of one photo. */
export interface Merged {
  /** The photo after it; version and updatedAt are those from before. */
  row: PhotoRow;
  /** Whether the photo shows something else than before. */
  isChanged: boolean;
  /** Whether the times of edits have changed, also if no value has. */
  isRemembered: boolean;
  /** How many fields were edited, and how many were dropped: repeated, or a newer edit is there. */
  applied: number;
  dropped: number;
}

export class TooManyTagsError extends Error {
  readonly code = 'too_many_tags';
  constructor(readonly count: number) {
    super(`A photo can have ${MAX_TAGS} tags; this one would have ${count}.`);
    this.name = 'TooManyTagsError';
  }
}

/** Of two edits made at the same time the one with the greater value wins, so that every order of edits ends alike. */
function isNewer(at: number, value: unknown, knownAt: number | undefined, known: unknown): boolean {
  if (knownAt === undefined || at !== knownAt) return knownAt === undefined || at > knownAt;
  return JSON.stringify(value) > JSON.stringify(known);
}

const tagChangeOf = ({ tags, addTags, removeTags }: MetadataPatch): TagChange | undefined =>
  tags || addTags || removeTags ? { set: tags, add: addTags, remove: removeTags } : undefined;

/** Whether a user sees a difference between two states of a photo. */
export const isDifferent = (before: PhotoRow, after: PhotoRow): boolean =>
  before !== after && !isEqual(photoRecordOf(before), photoRecordOf(after));

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * Merges an edit into a photo, field by field: the newest edit of a field wins, in any order of the edits and however often
 * (docs/decisions/0023-metadata-edits.md). What the file says counts as older than any edit.
 * @throws TooManyTagsError
 */
export function mergePatch(row: PhotoRow, patch: MetadataPatch, now: Date): Merged {
  const edits = readEdits(row.edits);
  const at = editTime(patch.updatedAt, newestTime(edits), now);
  const known = valuesOfRow(row);
  const values = valuesOfPatch(patch);
  let merged = row;
  let [applied, dropped] = [0, 0];

  const mergeField = <F extends EditableField>(field: F, value: FieldValues[F]) => {
    if (!isNewer(at, value, edits.at[field], known[field])) {
      dropped += 1;
      return;
    }
    applied += 1;
    const isFirst = edits.at[field] === undefined;
    edits.at[field] = at;
    // The first edit is written even if the value stays: a capture time gets another source, a location loses its altitude.
    if (isFirst || !isEqual(value, known[field])) merged = writeField(merged, field, value);
  };
  for (const field of EDITABLE_FIELDS) {
    const value = values[field];
    if (value !== undefined) mergeField(field, value);
  }

  const change = tagChangeOf(patch);
  if (change) {
    const before = storedEdits(edits);
    edits.tags = mergeTags(edits.tags, change, at);
    if (isEqual(before, storedEdits(edits))) dropped += 1;
    else applied += 1;
    const tags = tagsOf(edits.tags);
    if (tags.length > MAX_TAGS) throw new TooManyTagsError(tags.length);
    if (!isEqual(tags, row.tags)) merged = { ...merged, tags };
  }
  const column = storedEdits(edits);
  return {
    row: { ...merged, edits: column },
    isChanged: isDifferent(row, merged),
    isRemembered: !isEqual(column, storedEdits(readEdits(row.edits))),
    applied,
    dropped,
  };
}
