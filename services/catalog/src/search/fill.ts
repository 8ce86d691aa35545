import { createPeriodic, type Periodic } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { type CatalogDb, type CatalogTx, Prisma } from '../prisma.js';
import { type SearchableFields, searchWordsOf } from './vector.js';

/** Small, so that uploads continue meanwhile and a stop does not wait long. */
const BATCH = 200;
/** Between two searches for such photos; without any, one reads an empty index. */
const INTERVAL_MS = 60_000;
const MAX_COUNTED = 100_000;

type Row = SearchableFields & { id: string };

/**
 * Locks a batch and reads it. Photos that another transaction has locked are left out: waiting for them while others are locked could
 * end in a deadlock with a batch of edits. They get their words with that edit or in a later batch.
 */
const lockUnfilled = (tx: CatalogTx): Promise<Row[]> => tx.$queryRaw<Row[]>`
  SELECT id, file_name AS "fileName", description, tags, place, camera_make AS "cameraMake",
    camera_model AS "cameraModel", lens_model AS "lensModel"
  FROM photos WHERE search IS NULL ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;

/** Makes the words of one batch. Resolves to the number of photos in it. */
const fillBatch = (db: CatalogDb): Promise<number> =>
  db.$transaction(async (tx) => {
    const rows = await lockUnfilled(tx);
    if (rows.length === 0) return 0;
    const values = rows.map((row) => Prisma.sql`(${row.id}::uuid, ${searchWordsOf(row)}::text)`);
    return tx.$executeRaw`
      UPDATE photos SET search_words = made.words
      FROM (VALUES ${Prisma.join(values)}) AS made (id, words) WHERE photos.id = made.id`;
  });

async function countUnfilled(db: CatalogDb): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (SELECT 1 FROM photos WHERE search IS NULL LIMIT ${MAX_COUNTED}) AS few`;
  return row?.count ?? 0;
}

/**
 * Makes the words of photos that have none, in the background: photos that are older than search, and photos that were changed without
 * new words. A stop waits for one batch; the next start continues.
 */
export function createSearchFill({
  db,
  logger,
  metrics,
}: Pick<CatalogContext, 'db' | 'logger' | 'metrics'>): Periodic {
  const fill = async (signal: AbortSignal): Promise<void> => {
    const waiting = await countUnfilled(db);
    metrics.searchUnfilled.set(waiting);
    if (waiting === 0) return;
    logger.info('photos are made searchable', { count: waiting });
    for (let filled = BATCH; filled === BATCH && !signal.aborted; ) filled = await fillBatch(db);
    metrics.searchUnfilled.set(await countUnfilled(db));
  };
  return createPeriodic('making photos searchable', INTERVAL_MS, fill, logger);
}
