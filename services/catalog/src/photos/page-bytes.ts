import { MAX_PAGE_BYTES } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { type PhotoRow, Prisma } from '../prisma.js';
import { type ListedPhoto, listedColumns, type StoredListedPhoto, toListedPhoto } from './columns.js';

/*
 * Pages are limited in bytes. The size of a photo in a response is estimated from its texts, of which users decide the length; a character
 * may take twice its bytes there, as quotation marks do.
 */

/** Everything but the texts: ids, numbers, times, the place, signed URLs. */
const FIXED_BYTES = 1500;
const BYTES_PER_TEXT_BYTE = 2;

const TEXT_FIELDS = [
  'fileName',
  'description',
  'cameraMake',
  'cameraModel',
  'lensModel',
  'failureReason',
] as const satisfies (keyof PhotoRow)[];

/** Returns how many bytes a photo takes in a response, or a little more. */
export function bytesOf(row: PhotoRow): number {
  const texts = [...TEXT_FIELDS.map((field) => row[field] ?? ''), ...row.tags];
  return FIXED_BYTES + BYTES_PER_TEXT_BYTE * Buffer.byteLength(texts.join());
}

const { raw, sql } = Prisma;

/** The same in SQL, for rows of `photos`. */
const BYTES = raw(`${FIXED_BYTES} + ${BYTES_PER_TEXT_BYTE} * octet_length(
  concat_ws(',', photos.file_name, photos.description, photos.camera_make, photos.camera_model, photos.lens_model,
    photos.failure_reason, array_to_string(photos.tags, ',')))`);
const PHOTO_COLUMNS = raw(listedColumns('p'));

/** Which photos a page has, and their order by columns of `rows`, which is the order that `rows` come in. */
interface PageSource {
  /** SQL: selects `photo_id`, and what it is ordered by. */
  rows: Prisma.Sql;
  order: string;
  /** A column of `rows` to be read as well. */
  column?: { name: string; as: 'pagePosition' | 'nth' };
}

/**
 * SQL: the photos of a user that make a page, in their order, up to MAX_PAGE_BYTES; the first one comes whatever its size. What is beyond that
 * is not read.
 */
export const fittingPhotos = (userId: string, { rows, order, column }: PageSource): Prisma.Sql => sql`
  SELECT ${PHOTO_COLUMNS}, found ${raw(column ? `, p.${column.name} AS "${column.as}"` : '')} FROM (
    SELECT photos.*, page.*, bytes, sum(bytes) OVER (ORDER BY ${raw(order)}) AS total, count(*) OVER ()::int AS found
    FROM (${rows}) AS page JOIN photos ON photos.id = page.photo_id AND photos.user_id = ${userId}::uuid
      CROSS JOIN LATERAL (SELECT ${BYTES} AS bytes) AS sizes
  ) AS p WHERE total <= ${raw(String(MAX_PAGE_BYTES))} OR total = bytes ORDER BY ${raw(order)}`;

/**
 * A photo of a page. `found`: how many there are, those that do not fit included. `pagePosition` (its key in an album's manual order) and `nth`
 * (its number in a list) are there if they were selected.
 */
export type FittingPhoto = ListedPhoto & FittingColumns;

/** The columns of `fittingPhotos` besides those of a listed photo. */
export interface FittingColumns {
  found: number;
  pagePosition?: string;
  nth?: bigint;
}

/**
 * Runs `fittingPhotos` on the pool, which parses far less than Prisma. `name`: of the prepared statement, if its text has one.
 */
export async function readFitting(
  { pool }: Database,
  query: Prisma.Sql,
  name: string | undefined,
): Promise<FittingPhoto[]> {
  const { rows } = await pool.query<StoredListedPhoto & FittingColumns>({
    ...(name && { name }),
    text: query.text,
    values: query.values,
  });
  return rows.map(toListedPhoto);
}
