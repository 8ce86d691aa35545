import { tagKey } from '@lazyphotos/contracts';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { searchWordsOf } from '../search/vector.js';
import { columnOf, PHOTO_FIELDS } from './columns.js';

/** The fields that never change after a photo was recorded, and those that only the trash changes. */
const KEPT = new Set<string>([
  ...([
    'id',
    'userId',
    'hash',
    'storageKey',
    'sizeBytes',
    'mimeType',
    'uploadedAt',
  ] satisfies (keyof PhotoRow)[]),
  ...(['isDeleted', 'deletedAt'] satisfies (keyof PhotoRow)[]),
]);
const SAVED = PHOTO_FIELDS.filter((field) => !KEPT.has(field));

/** SQL: the changeable columns of `photos` get the values of the row `saved`. */
export const SET_SAVED = SAVED.map((field) => `${columnOf(field)} = saved.${columnOf(field)}`).join(', ');

const UPDATE = `UPDATE photos SET ${SET_SAVED}
  FROM jsonb_populate_recordset(NULL::photos, $1::jsonb) AS saved WHERE photos.id = saved.id`;

/** Returns a JSON array of these rows for `jsonb_populate_recordset(NULL::photos, …)`, with what is derived from their fields. */
export function photosJson(rows: readonly PhotoRow[]): string {
  const saved = rows.map((photo) => {
    const row = { ...photo, tagKeys: photo.tags.map(tagKey), searchWords: searchWordsOf(photo) };
    return Object.fromEntries(PHOTO_FIELDS.map((field) => [columnOf(field), row[field]]));
  });
  return JSON.stringify(saved, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
}

/**
 * Writes any number of rows back in one statement. Only this and `changePhotos` change the fields of a recorded photo.
 * The caller has locked the rows before it read them.
 */
export async function savePhotos(tx: CatalogTx, rows: readonly PhotoRow[]): Promise<void> {
  if (rows.length > 0) await tx.$executeRawUnsafe(UPDATE, photosJson(rows));
}
