import { tagKey } from '@lazyphotos/contracts';
import { type CatalogTx, type PhotoRow, Prisma } from '../prisma.js';
import { searchWordsOf } from '../search/vector.js';

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
const SAVED = Object.values(Prisma.PhotoScalarFieldEnum).filter((field) => !KEPT.has(field));

/** Returns the name of a field's column. */
export const columnOf = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const UPDATE = `UPDATE photos SET ${SAVED.map((field) => `${columnOf(field)} = saved.${columnOf(field)}`).join(', ')}
  FROM jsonb_populate_recordset(NULL::photos, $1::jsonb) AS saved WHERE photos.id = saved.id`;

/**
 * Writes rows back in one statement, whatever their number: the one place where the fields of a recorded photo change.
 * The caller has locked the rows before it read them.
 */
export async function savePhotos(tx: CatalogTx, rows: readonly PhotoRow[]): Promise<void> {
  if (rows.length === 0) return;
  const saved = rows.map((photo) => {
    const row = { ...photo, tagKeys: photo.tags.map(tagKey), searchWords: searchWordsOf(photo) };
    return { id: row.id, ...Object.fromEntries(SAVED.map((field) => [columnOf(field), row[field]])) };
  });
  await tx.$executeRawUnsafe(UPDATE, JSON.stringify(saved));
}
