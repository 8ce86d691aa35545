import { createPeriodic, type Logger, type Periodic } from '@lazyphotos/service-kit';
import { type CatalogDb, Prisma } from '../prisma.js';
import type { SearchMetrics } from './metrics.js';
import { type SearchableFields, searchWordsOf } from './vector.js';

/** Small, so that uploads go on meanwhile and a stop waits for little. */
const BATCH = 200;
/** How often it looks; with nothing to do a look reads an empty index. */
const INTERVAL_MS = 60_000;
const MAX_COUNTED = 100_000;

export interface SearchFillDeps {
  db: CatalogDb;
  logger: Logger;
  metrics: Pick<SearchMetrics, 'unfilled'>;
}

type Row = SearchableFields & { id: string; version: number };

const readUnfilled = (db: CatalogDb): Promise<Row[]> => db.$queryRaw<Row[]>`
  SELECT id, version, file_name AS "fileName", description, tags, place, camera_make AS "cameraMake",
    camera_model AS "cameraModel", lens_model AS "lensModel"
  FROM photos WHERE search IS NULL ORDER BY id LIMIT ${BATCH}`;

/** A photo that has changed since it was read is left alone: it has new words, or the next batch makes them. */
function writeWords(db: CatalogDb, rows: readonly Row[]): Promise<number> {
  const values = rows.map(
    (row) => Prisma.sql`(${row.id}::uuid, ${row.version}::int, ${searchWordsOf(row)}::text)`,
  );
  return db.$executeRaw`
    UPDATE photos SET search_words = made.words
    FROM (VALUES ${Prisma.join(values)}) AS made (id, version, words)
    WHERE photos.id = made.id AND photos.version = made.version AND photos.search IS NULL`;
}

async function countUnfilled(db: CatalogDb): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (SELECT 1 FROM photos WHERE search IS NULL LIMIT ${MAX_COUNTED}) AS few`;
  return row?.count ?? 0;
}

/**
 * Makes the words of photos that have none, in the background: those from before search, and those that were changed without new
 * words. Stopping waits for one batch; the next start continues.
 */
export function createSearchFill({ db, logger, metrics }: SearchFillDeps): Periodic {
  const fill = async (signal: AbortSignal): Promise<void> => {
    const waiting = await countUnfilled(db);
    metrics.unfilled.set(waiting);
    if (waiting === 0) return;
    logger.info('photos are made searchable', { count: waiting });
    for (let read = BATCH; read === BATCH && !signal.aborted; ) {
      const rows = await readUnfilled(db);
      read = rows.length;
      if (read > 0) await writeWords(db, rows);
    }
    metrics.unfilled.set(await countUnfilled(db));
  };
  return createPeriodic('making photos searchable', INTERVAL_MS, fill, logger);
}
