import { tagKey } from '@lazyphotos/contracts';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { searchWordsOf } from '../search/vector.js';

/** The columns that change after a photo was recorded, those of the trash apart: the field of a row, the column and its type. */
const columns = [
  ['fileName', 'file_name', 'text'],
  ['capturedAt', 'captured_at', 'timestamptz'],
  ['capturedAtSource', 'captured_at_source', 'text'],
  ['capturedAtOffset', 'captured_at_offset', 'int'],
  ['sidecarDate', 'sidecar_date', 'timestamptz'],
  ['sortAt', 'sort_at', 'timestamptz'],
  ['updatedAt', 'updated_at', 'timestamptz'],
  ['width', 'width', 'int'],
  ['height', 'height', 'int'],
  ['locationLat', 'location_lat', 'float8'],
  ['locationLon', 'location_lon', 'float8'],
  ['altitude', 'altitude', 'float8'],
  ['place', 'place', 'jsonb'],
  ['cameraMake', 'camera_make', 'text'],
  ['cameraModel', 'camera_model', 'text'],
  ['lensModel', 'lens_model', 'text'],
  ['fNumber', 'f_number', 'float8'],
  ['exposureTime', 'exposure_time', 'float8'],
  ['iso', 'iso', 'int'],
  ['focalLength', 'focal_length', 'float8'],
  ['orientation', 'orientation', 'int'],
  ['description', 'description', 'text'],
  ['tags', 'tags', 'text[]'],
  ['tagKeys', 'tag_keys', 'text[]'],
  ['searchWords', 'search_words', 'text'],
  ['favorite', 'favorite', 'boolean'],
  ['rating', 'rating', 'int'],
  ['archived', 'archived', 'boolean'],
  ['kind', 'kind', 'text'],
  ['durationMs', 'duration_ms', 'int'],
  ['edits', 'edits', 'jsonb'],
  ['trashedByImport', 'trashed_by_import', 'boolean'],
  ['processing', 'processing', 'text'],
  ['failureCode', 'failure_code', 'text'],
  ['failureReason', 'failure_reason', 'text'],
  ['placeholder', 'placeholder', 'text'],
  ['mediaRun', 'media_run', 'int'],
  ['version', 'version', 'int'],
] as const satisfies readonly (readonly [keyof PhotoRow, string, string])[];

const UPDATE = `UPDATE photos SET ${columns.map(([, name]) => `${name} = saved.${name}`).join(', ')}
  FROM jsonb_to_recordset($1::jsonb) AS saved(id uuid, ${columns.map(([, name, type]) => `${name} ${type}`).join(', ')})
  WHERE photos.id = saved.id`;

/**
 * Writes rows back in one statement, whatever their number: the one place where the fields of a photo that is there change.
 * The caller has locked the rows before it read them.
 */
export async function savePhotos(tx: CatalogTx, rows: readonly PhotoRow[]): Promise<void> {
  if (rows.length === 0) return;
  const saved = rows.map((photo) => {
    const row = { ...photo, tagKeys: photo.tags.map(tagKey), searchWords: searchWordsOf(photo) };
    return {
      id: row.id,
      ...Object.fromEntries(columns.map(([field, name]) => [name, row[field]])),
    };
  });
  await tx.$executeRawUnsafe(UPDATE, JSON.stringify(saved));
}
