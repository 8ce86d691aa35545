import { tagKey } from '@lazyphotos/contracts';

/** The latest edit of one tag. `at` is the time of the edit, in milliseconds since 1970. */
export interface TagElement {
  at: number;
  present: boolean;
  /** As its user wrote it; empty for a tag that was removed. */
  name: string;
}

/**
 * The tags of a photo as a last-write-wins element set: the latest edit of each tag, by its key, and the time when all tags were
 * last set, which removed each tag that was added before.
 */
export interface TagSet {
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
function isNewer(a: TagElement, b: TagElement | undefined): boolean {
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
    if (isNewer(element, elements.get(key))) elements.set(key, element);
  };
  const setAt = change.set ? Math.max(at, set.setAt ?? at) : set.setAt;
  for (const name of [...(change.set ?? []), ...(change.add ?? [])]) put(name, true);
  for (const name of change.remove ?? []) put(name, false);
  const alive = [...elements].filter(([, element]) => outlives(element, setAt));
  return { setAt, elements: limited(new Map(alive.sort(([a], [b]) => (a < b ? -1 : 1)))) };
}

/** Returns the names of the tags that are there, in the order of their keys. */
export const tagsOf = ({ elements }: TagSet): string[] =>
  [...elements.values()].filter(({ present }) => present).map(({ name }) => name);
