import type { ImportSource } from '@lazyphotos/contracts';
import { type FileRole, roleOf, splitPath } from '@lazyphotos/import-engine';
import type { Import, ImportPart } from '../../generated/prisma/client.js';
import type { UploadDb, UploadTx } from '../../prisma.js';
import type { PartArchives } from '../part-archives.js';
import { addCounts } from '../settle.js';
import type { ImportStates } from '../states.js';
import { type ArchivedFile, ArchiveError, DEFAULT_ARCHIVE_LIMITS, listArchive } from '../zip/index.js';
import { SIDECAR_ROLES } from './read-sidecars.js';

/** How many entries are written at a time. */
const BATCH = 1000;
/** More files and folders than any library has, and few enough for a small machine to keep. */
const MAX_ENTRIES = 2_000_000;
const MAX_FOLDERS = 10_000;

/** An entry to insert; the names are those of the columns. */
interface NewEntry {
  number: number;
  path: string;
  folder: string;
  name: string;
  role: string;
  size_bytes: number;
  compressed_bytes: number;
  header_offset: number;
  crc32: number;
  method: number;
  modified_at: string | null;
  outcome: string;
  code: string | null;
  message: string | null;
}

const INSERT = `
  INSERT INTO import_entries (import_id, part_id, number, path, folder, name, role, size_bytes, compressed_bytes, header_offset,
    crc32, method, modified_at, outcome, code, message)
  SELECT $1::uuid, $2::uuid, n.* FROM jsonb_to_recordset($3::jsonb) AS n(number int, path text, folder text, name text, role text,
    size_bytes bigint, compressed_bytes bigint, header_offset bigint, crc32 bigint, method int, modified_at timestamptz,
    outcome text, code text, message text)`;

/** Archives in an archive are not opened. */
const ARCHIVE_NAME = /\.(?:zip|tgz|tar|gz|7z|rar)$/i;

/** Returns the outcome of a file as far as its listing shows it. */
function outcomeOf(
  { path, problem }: ArchivedFile,
  role: FileRole,
  source: ImportSource,
): Pick<NewEntry, 'outcome' | 'code' | 'message'> {
  if (problem) return { outcome: 'failed', ...problem };
  if (ARCHIVE_NAME.test(path)) {
    const message = 'Archives in archives are not opened: import it alone.';
    return { outcome: 'unsupported', code: 'archive_in_archive', message };
  }
  if (role === 'other') return { outcome: 'ignored', code: 'not_a_photo', message: null };
  if (role !== 'media' && role !== SIDECAR_ROLES[source])
    return { outcome: 'ignored', code: 'not_a_sidecar', message: null };
  return { outcome: 'waiting', code: null, message: null };
}

function entryOf(file: ArchivedFile, source: ImportSource): NewEntry {
  const role = roleOf(file.path);
  return {
    number: file.number,
    path: file.path,
    ...splitPath(file.path),
    role,
    size_bytes: file.sizeBytes,
    compressed_bytes: file.compressedBytes,
    header_offset: file.headerOffset,
    crc32: file.crc32,
    method: file.method,
    modified_at: file.modifiedAt?.toISOString() ?? null,
    ...outcomeOf(file, role, source),
  };
}

const COUNT = `
  WITH listed AS (
    SELECT outcome, count(*)::int AS count, sum(size_bytes)::bigint AS bytes
    FROM import_entries WHERE part_id = $2::uuid GROUP BY outcome
  )
  UPDATE imports SET
    ${addCounts('listed')},
    bytes_total = bytes_total + coalesce((SELECT sum(bytes) FROM listed), 0),
    bytes_processed = bytes_processed + coalesce((SELECT sum(bytes) FROM listed WHERE outcome <> 'waiting'), 0)
  WHERE id = $1::uuid`;

/** Another process lists the same part, because this one has lost its lock on the import. */
class OvertakenError extends Error {}

/**
 * Runs `work` in a transaction that locks the part, while the part still waits to be listed. A process whose lock on the import is lost
 * detects that only later: so that it cannot mix with the next one, each write of a listing goes through here.
 * @throws OvertakenError when the part is listed or has failed meanwhile
 */
function whileWaiting<T>(db: UploadDb, { id }: ImportPart, work: (tx: UploadTx) => Promise<T>): Promise<T> {
  return db.$transaction(async (tx) => {
    const [part] = await tx.$queryRaw<{ state: string }[]>`
      SELECT state FROM import_parts WHERE id = ${id}::uuid FOR UPDATE`;
    if (part?.state !== 'waiting') throw new OvertakenError();
    return work(tx);
  });
}

/**
 * Counts the entries of a part that is listed, and inserts its folders. They are matched again, since they may have new sidecars.
 * `inserted`: the number of entries that this listing has inserted; all must be there.
 */
function finishListing(db: UploadDb, part: ImportPart, inserted: number): Promise<void> {
  const { importId, id } = part;
  return whileWaiting(db, part, async (tx) => {
    if ((await tx.importEntry.count({ where: { partId: id } })) !== inserted) throw new OvertakenError();
    await tx.importPart.update({ where: { id }, data: { state: 'listed', code: null, message: null } });
    await tx.$executeRaw`
      INSERT INTO import_folders (import_id, path)
      SELECT DISTINCT import_id, folder FROM import_entries WHERE part_id = ${id}::uuid ON CONFLICT DO NOTHING`;
    await tx.$executeRaw`
      UPDATE import_folders SET role = NULL, is_matched = false
      WHERE import_id = ${importId}::uuid
        AND path IN (SELECT folder FROM import_entries WHERE part_id = ${id}::uuid)`;
    await tx.$executeRawUnsafe(COUNT, importId, id);
  });
}

function failPart(db: UploadDb, part: ImportPart, code: string, message: string): Promise<void> {
  const { id } = part;
  return whileWaiting(db, part, async (tx) => {
    await tx.importEntry.deleteMany({ where: { partId: id } });
    await tx.importPart.update({ where: { id }, data: { state: 'failed', code, message } });
  });
}

/** The import was cancelled or paused: the part is listed when the import continues. */
class StoppedError extends Error {}

/** What the listing of one part works with. */
export interface Listing {
  db: UploadDb;
  states: ImportStates;
  archives: PartArchives;
  job: Import;
  part: ImportPart;
  signal: AbortSignal;
}

/**
 * Reads the table of contents of an archive into rows. One that cannot be read fails, and the import continues with the others. Faults
 * of the node are thrown; the part is listed again then.
 */
export async function listPart(listing: Listing): Promise<void> {
  try {
    await readIntoRows(listing);
  } catch (error) {
    if (!(error instanceof StoppedError || error instanceof OvertakenError)) throw error;
  }
}

/** @throws StoppedError, OvertakenError */
async function readIntoRows(listing: Listing): Promise<void> {
  const { db, part } = listing;
  try {
    // What an earlier attempt has left.
    await whileWaiting(db, part, (tx) => tx.importEntry.deleteMany({ where: { partId: part.id } }));
    const inserted = await insertAll(listing);
    await finishListing(db, part, inserted);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    await failPart(db, part, error.code, error.message);
  }
}

/** Resolves to the number of entries. */
async function insertAll(listing: Listing): Promise<number> {
  let inserted = 0;
  let batch: NewEntry[] = [];
  const insert = async () => {
    await insertEntries(listing, batch);
    inserted += batch.length;
    batch = [];
  };
  for await (const entry of newEntries(listing)) {
    listing.signal.throwIfAborted();
    if (batch.push(entry) === BATCH) await insert();
  }
  await insert();
  return inserted;
}

/** @throws ArchiveError */
async function* newEntries({ db, archives, job, part }: Listing): AsyncGenerator<NewEntry> {
  let count = await db.importEntry.count({ where: { importId: job.id } });
  const knownFolders = await db.importFolder.count({ where: { importId: job.id } });
  const folders = new Set<string>();
  for await (const file of listArchive(await archives.open(part), DEFAULT_ARCHIVE_LIMITS)) {
    count += 1;
    if (count > MAX_ENTRIES)
      throw new ArchiveError('too_many_files', `An import reads at most ${MAX_ENTRIES} files.`);
    const entry = entryOf(file, job.source as ImportSource);
    folders.add(entry.folder);
    if (knownFolders + folders.size > MAX_FOLDERS)
      throw new ArchiveError('too_many_files', `An import reads at most ${MAX_FOLDERS} folders.`);
    yield entry;
  }
}

async function insertEntries({ db, states, part }: Listing, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  // A long listing must not continue for a user who has cancelled or paused it.
  if ((await states.findRunnable(part.importId)) === undefined) throw new StoppedError();
  await whileWaiting(db, part, (tx) =>
    tx.$executeRawUnsafe(INSERT, part.importId, part.id, JSON.stringify(entries)),
  );
}
