import type { BodyOf, endpoints } from '@lazyphotos/contracts';
import { editTime } from '../dates.js';
import type { AlbumRow } from '../prisma.js';

export type AlbumPatch = BodyOf<typeof endpoints.updateAlbum>;

const editable = ['name', 'description', 'coverPhotoId', 'order'] as const;
type Field = (typeof editable)[number];
/** Per field the time of its newest edit, ISO 8601 in UTC. */
type EditTimes = Partial<Record<Field, string>>;

/** Of two values that were set at the same time, which stays does not depend on the order in which they arrive. */
const outranks = (value: unknown, other: unknown): boolean => JSON.stringify(value) > JSON.stringify(other);

/** What an edit does to an album. */
export interface AlbumEdit {
  /** The columns that it writes. */
  columns: Partial<Pick<AlbumRow, Field>> & { edits: EditTimes };
  /** Whether the album shows something else than before; if not, only the times of its edits are newer. */
  isChanged: boolean;
}

/**
 * What of a patch wins over an album's present state: last write wins for each field, by the time at which the user made the
 * change. Returns undefined if nothing does.
 */
export function newerFields(row: AlbumRow, patch: AlbumPatch, now: Date): AlbumEdit | undefined {
  const edits = row.edits as EditTimes;
  const newest = Math.max(Number.NEGATIVE_INFINITY, ...Object.values(edits).map((time) => Date.parse(time)));
  const at = new Date(editTime(patch.updatedAt, newest, now)).toISOString();
  const wins = (field: Field): boolean => {
    if (patch[field] === undefined) return false;
    const known = edits[field];
    return known === undefined || at > known || (at === known && outranks(patch[field], row[field]));
  };
  const winners = editable.filter(wins);
  if (winners.length === 0) return undefined;
  return {
    columns: {
      ...Object.fromEntries(winners.map((field) => [field, patch[field]])),
      edits: { ...edits, ...Object.fromEntries(winners.map((field) => [field, at])) },
    },
    isChanged: winners.some((field) => patch[field] !== row[field]),
  };
}
