import { type Page, pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT, type Photo, type Place } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { exitCodes } from '../errors.js';
import { formatTime, pick, tableLines } from '../format.js';

/** One page of a list; its items are in the field that is named `Field`. */
type ListPage<Field extends string, T> = Page & Record<Field, readonly T[]>;

export interface Listing<Field extends string, T> {
  limit: number;
  field: Field;
  page(query: { cursor: string | undefined; limit: number }): Promise<ListPage<Field, T>>;
  /** The text for an empty list. */
  empty: string;
  columns(item: T): string[] | Promise<string[]>;
  /** What --json prints of an item; the whole item if absent. */
  entry?(item: T): unknown;
  /** Other fields of the --json document. */
  document?: Record<string, unknown>;
  /** The name of the list in the --json document; `field` if absent. */
  documentField?: string;
}

/** Prints a list, each page as it arrives. Resolves to the exit code. */
export async function printList<Field extends string, T>(
  { output }: Context,
  listing: Listing<Field, T>,
): Promise<number> {
  const { limit, field, page, empty, columns, entry = (item: T) => item } = listing;
  const { document = {}, documentField = field } = listing;
  const entries: unknown[] = [];
  let listed = 0;
  let hasMore = false;
  const ask = (cursor: string | undefined) => page({ cursor, limit: Math.min(limit - listed, MAX_LIMIT) });
  for await (const answer of pagesOf(ask)) {
    const items = answer[field];
    listed += items.length;
    hasMore = answer.hasMore;
    if (output.mode === 'json') entries.push(...items.map(entry));
    if (output.mode === 'human') {
      const rows: string[][] = [];
      for (const item of items) rows.push(await columns(item));
      for (const line of tableLines(rows)) output.line(line);
    }
    if (listed >= limit) break;
  }
  if (listed === 0) output.note(empty);
  if (hasMore) output.note(`There is more; the list ends after --limit ${limit}.`);
  output.document({ ...document, [documentField]: entries, hasMore });
  return exitCodes.ok;
}

/** What --json prints of a photo in a list. It has no signed URLs, because these expire soon. */
export const photoEntry = (photo: Photo) =>
  pick(photo, [
    ...(['id', 'fileName', 'mimeType', 'sizeBytes', 'capturedAt', 'capturedAtOffset', 'uploadedAt'] as const),
    ...(['place', 'locationLat', 'locationLon', 'cameraMake', 'cameraModel'] as const),
    ...(['tags', 'favorite', 'rating', 'archived', 'kind', 'deletedAt', 'purgeAt'] as const),
  ]);

const placeName = ({ city, region, country }: Place = {}): string =>
  [city ?? region, country].filter((name) => name !== undefined).join(', ') || '-';

/** File name, date, place, id. */
export const photoColumns = ({ id, fileName, capturedAt, capturedAtOffset, place }: Photo): string[] => [
  fileName,
  capturedAt === undefined ? '-' : formatTime(capturedAt, capturedAtOffset),
  placeName(place),
  id,
];
