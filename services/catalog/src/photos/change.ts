import { type NewEvent, outboxRows, run, statement } from '@lazyphotos/database';
import type { CatalogContext } from '../context.js';
import type { PhotoRow } from '../prisma.js';
import { photoColumns, type StoredPhoto, toPhotoRow } from './columns.js';
import { photosJson, SET_SAVED } from './save.js';

/** `seen` is the version of the row in PostgreSQL's own sense. */
type StoredRow = StoredPhoto & { seen: string };

/** A photo as it is to be, and the events that tell it. */
export interface PhotoChange {
  row: PhotoRow;
  events: readonly NewEvent[];
}

const READ = statement<StoredRow>(
  'read-photos',
  `SELECT ${photoColumns('photos')}, xmin AS seen FROM photos WHERE id = ANY($1::uuid[])`,
);

/**
 * Writes rows back ($1), with their events ($4: arrays by photo), unless another transaction has changed or purged them since they were
 * read as $3. Locks them in the order of their ids, as all others do. A result that waited for its photo is no longer needed then.
 */
const WRITE = statement<{ id: string }>(
  'change-photos',
  `WITH current AS MATERIALIZED (
    SELECT photos.id FROM unnest($2::uuid[], $3::xid[]) AS seen (id, version)
    JOIN photos ON photos.id = seen.id AND photos.xmin = seen.version ORDER BY photos.id FOR UPDATE OF photos
  ), changed AS (
    UPDATE photos SET ${SET_SAVED} FROM jsonb_populate_recordset(NULL::photos, $1::jsonb) AS saved
    JOIN current ON current.id = saved.id WHERE photos.id = saved.id RETURNING photos.id, photos.media_run
  ), cleared AS (
    DELETE FROM early_media AS early USING changed WHERE early.photo_id = changed.id AND early.run <= changed.media_run
  ), events AS (${outboxRows('FROM changed, jsonb_array_elements($4::jsonb -> changed.id::text) AS event')})
  SELECT id FROM changed`,
);

/**
 * Changes photos without a lock between reading and writing: two statements for any number of photos. `change` returns nothing when
 * there is nothing to change; it is called again with the newer row when another transaction came in between. Resolves to the ids
 * that are no photo's.
 */
export async function changePhotos(
  { database, unitOfWork }: CatalogContext,
  ids: readonly string[],
  change: (row: PhotoRow) => PhotoChange | undefined,
): Promise<string[]> {
  const missing: string[] = [];
  let waiting = ids;
  while (waiting.length > 0) {
    const stored = new Map((await run(database, READ, [waiting])).map((row) => [row.id, row]));
    missing.push(...waiting.filter((id) => !stored.has(id)));
    const changes = new Map<string, PhotoChange>();
    for (const [id, { seen: _, ...row }] of stored) {
      const changed = change(toPhotoRow(row));
      if (changed) changes.set(id, changed);
    }
    const written = await write(database, stored, changes);
    unitOfWork.nudge([...written].flatMap((id) => changes.get(id)?.events ?? []));
    waiting = [...changes.keys()].filter((id) => !written.has(id));
  }
  return missing;
}

async function write(
  database: CatalogContext['database'],
  stored: ReadonlyMap<string, StoredRow>,
  changes: ReadonlyMap<string, PhotoChange>,
): Promise<Set<string>> {
  if (changes.size === 0) return new Set();
  const rows = [...changes.values()].map(({ row }) => row);
  const events = Object.fromEntries([...changes].map(([id, changed]) => [id, changed.events]));
  const ids = rows.map(({ id }) => id);
  const seen = ids.map((id) => stored.get(id)?.seen);
  const written = await run(database, WRITE, [photosJson(rows), ids, seen, JSON.stringify(events)]);
  return new Set(written.map(({ id }) => id));
}
