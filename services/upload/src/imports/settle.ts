import type { EntryOutcome, PhotoLifeState } from '@lazyphotos/contracts';
import type { UploadTx } from '../prisma.js';

/** What became of one entry. */
export interface Settlement {
  id: bigint;
  outcome: EntryOutcome;
  code?: string | undefined;
  message?: string | undefined;
  photoId?: string | undefined;
  photoState?: PhotoLifeState | undefined;
}

/** Returns an entry to waiting, since its photo is to be described once more. */
export const reopened = (id: bigint, photoId: string, photoState: PhotoLifeState | null): Settlement => ({
  id,
  outcome: 'waiting',
  photoId,
  ...(photoState === null ? {} : { photoState }),
});

/** The counters of an import, each with its outcome. */
const COUNTERS = {
  waiting: 'waiting',
  imported: 'imported',
  duplicates: 'duplicate',
  failed: 'failed',
  unsupported: 'unsupported',
  sidecars: 'sidecar',
  ignored: 'ignored',
} as const satisfies Record<string, EntryOutcome>;

/** Returns the SQL that adds the counts of a table `(outcome, count)` to the counters of an import. */
export function addCounts(table: string): string {
  return Object.entries(COUNTERS)
    .map(
      ([column, outcome]) =>
        `${column} = ${column} + coalesce((SELECT count FROM ${table} WHERE outcome = '${outcome}'), 0)`,
    )
    .join(',\n    ');
}

const SETTLE = `
  WITH new AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb)
      AS n(id bigint, outcome text, code text, message text, photo_id uuid, photo_state text)
  ), old AS (
    SELECT e.id, e.outcome, e.size_bytes FROM import_entries e JOIN new USING (id) WHERE e.import_id = $1::uuid
    FOR UPDATE OF e
  ), saved AS (
    UPDATE import_entries e
    SET outcome = new.outcome, code = new.code, message = new.message,
      photo_id = new.photo_id, photo_state = new.photo_state
    FROM new WHERE e.id = new.id AND e.import_id = $1::uuid
  ), change AS (
    SELECT outcome, sum(count)::int AS count, sum(bytes)::bigint AS bytes FROM (
      SELECT new.outcome, 1 AS count, old.size_bytes AS bytes FROM new JOIN old USING (id)
      UNION ALL SELECT outcome, -1, -size_bytes FROM old
    ) AS changes GROUP BY outcome
  )
  UPDATE imports SET
    ${addCounts('change')},
    bytes_processed = bytes_processed - coalesce((SELECT bytes FROM change WHERE outcome = 'waiting'), 0)
  WHERE id = $1::uuid`;

/**
 * Records what became of entries, each at most once in a call. The import's counters change in the same statement, so that they are
 * always correct.
 */
export async function settleEntries(
  db: Pick<UploadTx, '$executeRawUnsafe'>,
  importId: string,
  settlements: readonly Settlement[],
): Promise<void> {
  if (settlements.length === 0) return;
  const rows = settlements.map(({ id, outcome, code, message, photoId, photoState }) => ({
    id: String(id),
    outcome,
    code,
    message,
    photo_id: photoId,
    photo_state: photoState,
  }));
  await db.$executeRawUnsafe(SETTLE, importId, JSON.stringify(rows));
}
