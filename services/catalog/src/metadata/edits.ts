import { tagKey } from '@lazyphotos/contracts';
import { z } from 'zod';

/** The fields that a user can edit, tags apart. Latitude and longitude are one field, so that they never mix. */
export const EDITABLE_FIELDS = [
  'cameraMake',
  'cameraModel',
  'description',
  'capturedAt',
  'location',
  'favorite',
  'rating',
  'archived',
  'fileName',
] as const;
export type EditableField = (typeof EDITABLE_FIELDS)[number];

/** The times of a photo's edits: when each field was edited last, in milliseconds since 1970. The values are in their columns. */
export interface Edits {
  at: Partial<Record<EditableField, number>>;
  tags: TagSet;
}

const stored = z.object({
  at: z.partialRecord(z.enum(EDITABLE_FIELDS), z.number()).default({}),
  tags: z
    .object({
      setAt: z.number().nullable(),
      elements: z.array(z.tuple([z.string(), z.number(), z.string().nullable()])),
    })
    .default({ setAt: null, elements: [] }),
});
type StoredEdits = z.output<typeof stored>;

/** Reads the column `edits`. */
export function readEdits(column: unknown): Edits {
  const { at, tags } = stored.parse(column);
  const elements = tags.elements.map(
    ([key, time, name]) => [key, { at: time, present: name !== null, name: name ?? '' }] as const,
  );
  return { at, tags: { setAt: tags.setAt, elements: new Map(elements) } };
}

/** Returns what the column `edits` holds: of each tag its key, the time, and its name, or null when it was removed. */
export const storedEdits = ({ at, tags }: Edits): StoredEdits => ({
  at,
  tags: {
    setAt: tags.setAt,
    elements: [...tags.elements].map(([key, { at: time, present, name }]) => [
      key,
      time,
      present ? name : null,
    ]),
  },
});

/** The time of the newest edit of a photo, or minus infinity. */
export function newestTime({ at, tags }: Edits): number {
  const ofTags = [...tags.elements.values()].map((element) => element.at);
  return Math.max(
    Number.NEGATIVE_INFINITY,
    tags.setAt ?? Number.NEGATIVE_INFINITY,
    ...Object.values(at),
    ...ofTags,
  );
}

/** The latest edit of one tag. `at` is the time of the edit, in milliseconds since 1970. */
interface TagElement {
  at: number;
  present: boolean;
  /** As its user wrote it; empty for a tag that was removed. */
  name: string;
}

/**
 * The tags of a photo as a last-write-wins element set: the latest edit of each tag, by its key, and the time when all tags were
 * last set, which removed each tag that was added before.
 */
interface TagSet {
  setAt: number | null;
  elements: Map<string, TagElement>;
}

/** One edit of tags. */
export interface TagChange {
  /** All tags of the photo. */
  set?: readonly string[] | undefined;
  add?: readonly string[] | undefined;
  remove?: readonly string[] | undefined;
}

/** The largest number of elements stored for one photo. The oldest removals are dropped first. */
const MAX_ELEMENTS = 500;

/** Orders by time, then present before removed, then by name, so that the result does not depend on the order of edits. */
function isNewerTag(a: TagElement, b: TagElement | undefined): boolean {
  if (!b || a.at !== b.at) return !b || a.at > b.at;
  if (a.present !== b.present) return a.present;
  return a.name > b.name;
}

/** Whether an element still has an effect: it is later than `setAt`, or is a tag that was present at that time. */
const outlives = ({ at, present }: TagElement, setAt: number | null): boolean =>
  setAt === null || at > setAt || (at === setAt && present);

function limited(elements: Map<string, TagElement>): Map<string, TagElement> {
  const surplus = elements.size - MAX_ELEMENTS;
  if (surplus <= 0) return elements;
  const removals = [...elements].filter(([, { present }]) => !present);
  const oldest = removals.sort(([keyA, a], [keyB, b]) => a.at - b.at || (keyA < keyB ? -1 : 1));
  const dropped = new Set(oldest.slice(0, surplus).map(([key]) => key));
  return new Map([...elements].filter(([key]) => !dropped.has(key)));
}

/** Merges an edit that was made at `at` into a tag set. Edits may come in any order, and more than once. */
export function mergeTags(set: TagSet, change: TagChange, at: number): TagSet {
  const elements = new Map(set.elements);
  const put = (name: string, present: boolean) => {
    const key = tagKey(name);
    const element = { at, present, name: present ? name.toWellFormed().normalize('NFC').trim() : '' };
    if (isNewerTag(element, elements.get(key))) elements.set(key, element);
  };
  const setAt = change.set ? Math.max(at, set.setAt ?? at) : set.setAt;
  for (const name of [...(change.set ?? []), ...(change.add ?? [])]) put(name, true);
  for (const name of change.remove ?? []) put(name, false);
  const alive = [...elements].filter(([, element]) => outlives(element, setAt));
  return { setAt, elements: limited(new Map(alive.sort(([a], [b]) => (a < b ? -1 : 1)))) };
}

/** Returns the names of the present tags in the order of their keys. */
export const tagsOf = ({ elements }: TagSet): string[] =>
  [...elements.values()].filter(({ present }) => present).map(({ name }) => name);
