import { type Page, pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT, type Photo, type Place } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { formatTime, tableLines } from '../format.js';

export interface Listing<T> {
  /** The most that is listed. */
  limit: number;
  page(query: { cursor: string | undefined; limit: number }): Promise<Page & { items: readonly T[] }>;
  /** Said when there is nothing to list. */
  nothing: string;
  /** What --json says of one. */
  entry(item: T): unknown;
  /** What people see of one. */
  columns(item: T): string[] | Promise<string[]>;
}

/**
 * Prints a list page by page, as it arrives. Resolves to the entries of --json, none in the other modes, and to whether there is
 * more than was listed.
 */
export async function printList<T>(
  { output }: Context,
  { limit, page, nothing, entry, columns }: Listing<T>,
): Promise<{ entries: unknown[]; hasMore: boolean }> {
  const entries: unknown[] = [];
  let listed = 0;
  let hasMore = false;
  const ask = (cursor: string | undefined) => page({ cursor, limit: Math.min(limit - listed, MAX_LIMIT) });
  for await (const { items, hasMore: more } of pagesOf(ask)) {
    listed += items.length;
    hasMore = more;
    if (output.mode === 'json') entries.push(...items.map(entry));
    if (output.mode === 'human') {
      const rows: string[][] = [];
      for (const item of items) rows.push(await columns(item));
      for (const line of tableLines(rows)) output.line(line);
    }
    if (listed >= limit) break;
  }
  if (listed === 0) output.note(nothing);
  if (hasMore) output.note(`There is more; --limit ${limit} ended the list.`);
  return { entries, hasMore };
}

/** What --json says of a photo in a list: no signed URLs, which end soon. */
export function photoEntry(photo: Photo) {
  const { id, fileName, mimeType, sizeBytes, capturedAt, capturedAtOffset, uploadedAt } = photo;
  const { place, locationLat, locationLon, cameraMake, cameraModel } = photo;
  const { tags, favorite, rating, archived, kind, deletedAt, purgeAt } = photo;
  return {
    id,
    fileName,
    mimeType,
    sizeBytes,
    capturedAt,
    capturedAtOffset,
    uploadedAt,
    place,
    locationLat,
    locationLon,
    cameraMake,
    cameraModel,
    tags,
    favorite,
    rating,
    archived,
    kind,
    deletedAt,
    purgeAt,
  };
}

export const placeName = ({ city, region, country }: Place = {}): string =>
  [city ?? region, country].filter((name) => name !== undefined).join(', ') || '-';

/** File name, date, place, id. */
export const photoColumns = ({ id, fileName, capturedAt, capturedAtOffset, place }: Photo): string[] => [
  fileName,
  capturedAt === undefined ? '-' : formatTime(capturedAt, capturedAtOffset),
  placeName(place),
  id,
];
