import {
  type ImportJob,
  type ImportStatus,
  MAX_LISTED_ERRORS,
  MAX_PAGE_BYTES,
  type PauseReason,
} from '@lazyphotos/contracts';
import { notFound } from '@lazyphotos/service-kit';
import type { Import, ImportEntry, ImportPart } from '../generated/prisma/client.js';
import type { UploadDb } from '../prisma.js';

type Failure = Pick<ImportEntry, 'importId' | 'path' | 'code' | 'message'>;

const errorOf = ({ path, code, message }: Pick<Failure, 'path' | 'code' | 'message'>) => ({
  path,
  code: code ?? 'internal_error',
  message: message ?? '',
});

const partOf = ({ name, sizeBytes, state, code, message }: ImportPart): ImportJob['parts'][number] => ({
  name,
  sizeBytes: Number(sizeBytes),
  state: state as 'listed',
  ...(code === null ? {} : { code }),
  ...(message === null ? {} : { message }),
});

/** Known only while the import is running and its rate is known. */
function secondsLeft(row: Import): number | null {
  const left = Number(row.bytesTotal - row.bytesProcessed);
  if (row.status === 'completed' || row.waiting === 0) return row.finishedAt ? 0 : null;
  if (row.finishedAt || row.pauseReason || !row.bytesPerSecond) return null;
  return Math.ceil(left / row.bytesPerSecond);
}

function viewOf(row: Import, parts: readonly ImportPart[], failures: readonly Failure[]): ImportJob {
  const { waiting, imported, duplicates, failed, unsupported, sidecars, ignored } = row;
  const processed = imported + duplicates + failed + unsupported + sidecars + ignored;
  const failedParts = parts.filter((part) => part.state === 'failed');
  const errors = [
    ...failedParts.map((part) => errorOf({ ...part, path: part.name })),
    ...failures.map(errorOf),
  ];
  return {
    id: row.id,
    source: row.source as ImportJob['source'],
    status: row.status as ImportStatus,
    ...(row.pauseReason
      ? { paused: { reason: row.pauseReason as PauseReason, message: row.pauseMessage ?? '' } }
      : {}),
    total: waiting + processed,
    processed,
    waiting,
    imported,
    duplicates,
    failed,
    unsupported,
    sidecars,
    ignored,
    bytesTotal: Number(row.bytesTotal),
    bytesProcessed: Number(row.bytesProcessed),
    bytesPerSecond: row.bytesPerSecond,
    secondsLeft: secondsLeft(row),
    errors: errors.slice(0, MAX_LISTED_ERRORS),
    parts: parts.map(partOf),
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

/** Resolves to what clients see of an import. @throws ProblemError `not_found` */
export async function viewImport(db: UploadDb, row: Import): Promise<ImportJob> {
  const [job] = await viewImports(db, [row]);
  if (!job) throw notFound('import');
  return job;
}

/** Everything of an import but its lists; of a part or a failure but its texts. */
const JOB_BYTES = 1000;
const ITEM_BYTES = 150;

/**
 * Returns how many of these imports, from the first one on, make a page of MAX_PAGE_BYTES: one at least. Their lists can be long, so only the
 * sizes of their texts are read. A character of a text may take twice its bytes in JSON.
 */
export async function countFitting(db: UploadDb, rows: readonly Import[]): Promise<number> {
  const ids = rows.map(({ id }) => id);
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (
      SELECT nth, sum(${JOB_BYTES}::int + coalesce(parts.bytes, 0) + coalesce(failures.bytes, 0)) OVER (ORDER BY nth) AS total
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS listed (id, nth)
      CROSS JOIN LATERAL (
        SELECT sum(${ITEM_BYTES}::int + 2 * octet_length(concat_ws(',', name, code, message))
          * CASE WHEN state = 'failed' THEN 2 ELSE 1 END) AS bytes
        FROM import_parts WHERE import_id = listed.id
      ) AS parts
      CROSS JOIN LATERAL (
        SELECT sum(${ITEM_BYTES}::int + 2 * octet_length(concat_ws(',', path, code, message))) AS bytes FROM (
          SELECT path, code, message FROM import_entries WHERE import_id = listed.id AND outcome = 'failed'
          ORDER BY role, is_read, id LIMIT ${MAX_LISTED_ERRORS}
        ) AS listed_failures
      ) AS failures
    ) AS sized WHERE total <= ${MAX_PAGE_BYTES}::int OR nth = 1`;
  return Math.max(1, row?.count ?? 0);
}

/** Resolves to what clients see of imports, in the order of `rows`: by two statements for any number of them. */
export async function viewImports(db: UploadDb, rows: readonly Import[]): Promise<ImportJob[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const parts = await db.importPart.findMany({
    where: { importId: { in: ids } },
    orderBy: [{ importId: 'asc' }, { position: 'asc' }],
  });
  const failures = await db.$queryRaw<Failure[]>`
    SELECT e.import_id AS "importId", e.path, e.code, e.message
    FROM unnest(${ids}::uuid[]) AS wanted(id)
    CROSS JOIN LATERAL (
      SELECT * FROM import_entries WHERE import_id = wanted.id AND outcome = 'failed'
      ORDER BY role, is_read, id LIMIT ${MAX_LISTED_ERRORS}
    ) AS e`;
  const partsOf = Map.groupBy(parts, ({ importId }) => importId);
  const failuresOf = Map.groupBy(failures, ({ importId }) => importId);
  return rows.map((row) => viewOf(row, partsOf.get(row.id) ?? [], failuresOf.get(row.id) ?? []));
}
