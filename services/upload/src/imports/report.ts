import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type EntryOutcome,
  MAX_IMPORTED_PHOTOS,
  type PhotoDate,
  type PhotoLifeState,
  type ReportEntry,
  reportEntry,
} from '@lazyphotos/contracts';
import { stringify } from 'csv-stringify';
import type { Response } from 'express';
import type { UploadContext } from '../context.js';
import type { Import, ImportEntry, ImportPart } from '../generated/prisma/client.js';
import { viewImports } from './view.js';

const PAGE = 500;

type Row = Pick<
  ImportEntry,
  'number' | 'path' | 'sizeBytes' | 'outcome' | 'code' | 'message' | 'photoId' | 'photoState' | 'sidecarRule'
> & { sidecar: string | null; partOf: string | null; album: string | null };

/** Streams the report of an import; a page of rows is read when the one before has been sent. */
export async function sendReport(
  context: UploadContext,
  job: Import,
  format: 'json' | 'csv',
  res: Response,
): Promise<undefined> {
  // A fault that shows with the first rows becomes a problem response, not a broken connection.
  const entries = await begun(entriesOf(context, job));
  const body = format === 'json' ? Readable.from(asJson(context, job, entries)) : asCsv(entries);
  const type = format === 'json' ? 'application/json' : 'text/csv; charset=utf-8; header=present';
  res.setHeader('Content-Type', type);
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Disposition', `attachment; filename="import-${job.id}.${format}"`);
  await pipeline(body, res);
  return undefined;
}

async function begun<T>(source: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await source.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* source;
  })();
}

async function* entriesOf(context: UploadContext, job: Import): AsyncGenerator<ReportEntry> {
  const parts = await context.db.importPart.findMany({
    where: { importId: job.id, state: { not: 'waiting' } },
    orderBy: { position: 'asc' },
  });
  for (const part of parts) {
    if (part.state === 'failed') yield entryOf(rowOfArchive(part), part.name, undefined);
    for (let after = -1; ; ) {
      const rows = await readPage(context, part.id, after);
      const dates = await datesOf(context, job.userId, rows);
      for (const row of rows)
        yield entryOf(row, part.name, row.photoId === null ? undefined : dates.get(row.photoId));
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) break;
      after = last.number;
    }
  }
}

function readPage({ db }: UploadContext, partId: string, after: number): Promise<Row[]> {
  return db.$queryRaw<Row[]>`
    SELECT e.number, e.path, e.size_bytes AS "sizeBytes", e.outcome, e.code, e.message, e.photo_id AS "photoId",
      e.photo_state AS "photoState", s.path AS sidecar, e.sidecar_rule AS "sidecarRule", p.path AS "partOf", a.name AS album
    FROM import_entries e
    LEFT JOIN import_entries s ON s.id = e.sidecar_id
    LEFT JOIN import_entries p ON p.id = e.picture_id
    LEFT JOIN import_folders f ON f.import_id = e.import_id AND f.path = e.folder
    LEFT JOIN imported_albums a ON a.id = f.album_id AND e.photo_id IS NOT NULL
      AND e.photo_state IS DISTINCT FROM 'deleted'
    WHERE e.part_id = ${partId}::uuid AND e.number > ${after} ORDER BY e.number LIMIT ${PAGE}`;
}

async function datesOf(
  { catalog }: UploadContext,
  userId: string,
  rows: readonly Row[],
): Promise<Map<string, PhotoDate>> {
  const ids = [...new Set(rows.flatMap(({ photoId }) => photoId ?? []))];
  const dates: PhotoDate[] = [];
  for (let at = 0; at < ids.length; at += MAX_IMPORTED_PHOTOS)
    dates.push(...(await catalog.photoDates(userId, ids.slice(at, at + MAX_IMPORTED_PHOTOS))));
  return new Map(dates.map((date) => [date.photoId, date]));
}

async function* asJson(
  { db }: UploadContext,
  job: Import,
  entries: AsyncIterable<ReportEntry>,
): AsyncGenerator<string> {
  const [view] = await viewImports(db, [job]);
  yield `{"import":${JSON.stringify(view)},"entries":[`;
  let isFirst = true;
  for await (const entry of entries) {
    yield `${isFirst ? '' : ','}\n${JSON.stringify(entry)}`;
    isFirst = false;
  }
  yield '\n]}\n';
}

/** Returns a row for an archive that could not be read, without the path of a file. */
const rowOfArchive = ({ sizeBytes, code, message }: ImportPart): Row => ({
  number: 0,
  path: '',
  sizeBytes,
  outcome: 'failed',
  code,
  message,
  photoId: null,
  photoState: null,
  sidecar: null,
  sidecarRule: null,
  partOf: null,
  album: null,
});

function entryOf(row: Row, archive: string, date: PhotoDate | undefined): ReportEntry {
  return {
    path: row.path,
    archive,
    sizeBytes: Number(row.sizeBytes),
    outcome: row.outcome as EntryOutcome,
    code: row.code,
    message: row.message,
    photoId: row.photoId,
    ...(row.photoState === null ? {} : { photoState: row.photoState as PhotoLifeState }),
    sidecar: row.sidecar,
    sidecarRule: row.sidecarRule,
    partOf: row.partOf,
    albums: row.album === null ? [] : [row.album],
    capturedAt: date?.capturedAt ?? null,
    ...(date ? { dateSource: sourceOf(date) } : {}),
  };
}

function sourceOf({ processing, capturedAt, capturedAtSource }: PhotoDate): ReportEntry['dateSource'] {
  if (processing === 'pending') return 'pending';
  return capturedAt === undefined ? 'none' : (capturedAtSource ?? 'none');
}

/** A spreadsheet must not treat the name of a file as a formula. */
const CSV_OPTIONS = {
  columns: Object.keys(reportEntry.shape),
  header: true,
  bom: true,
  escape_formulas: true,
  record_delimiter: 'windows',
} as const;

function asCsv(entries: AsyncIterable<ReportEntry>): Readable {
  const rows = async function* () {
    for await (const entry of entries) yield { ...entry, albums: entry.albums.join('; ') };
  };
  const csv = stringify(CSV_OPTIONS);
  pipeline(Readable.from(rows()), csv).catch((error: Error) => csv.destroy(error));
  return csv;
}
