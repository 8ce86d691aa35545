import { z } from 'zod';
import type { TagSet } from './tags.js';

/** The fields that a user can edit, tags apart. Latitude and longitude are one field, so that they never mix. */
export const editableFields = [
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
export type EditableField = (typeof editableFields)[number];

/** What is remembered of a photo's edits: when each field was edited last, in milliseconds since 1970. Values are in their columns. */
export interface Edits {
  at: Partial<Record<EditableField, number>>;
  tags: TagSet;
}

const stored = z.object({
  at: z.partialRecord(z.enum(editableFields), z.number()).default({}),
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
