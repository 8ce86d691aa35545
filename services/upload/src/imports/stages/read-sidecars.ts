import type { ImportSource } from '@lazyphotos/contracts';
import { type AlbumFacts, type PhotoFacts, readTakeoutJson, readXmp } from '@lazyphotos/import-engine';
import pLimit from 'p-limit';
import type { Import } from '../../generated/prisma/client.js';
import type { UploadDb } from '../../prisma.js';
import type { EntryOfPart, PartArchives } from '../part-archives.js';
import { type Settlement, settleEntries } from '../settle.js';
import { ArchiveError, EntryError } from '../zip/index.js';

const BATCH = 100;
const AT_A_TIME = 4;
/** A sidecar has a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** The role of the files that hold facts, by source. */
export const SIDECAR_ROLES = { takeout: 'json', folder: 'xmp' } as const satisfies Record<
  ImportSource,
  string
>;

interface SidecarRead {
  id: bigint;
  facts: PhotoFacts | AlbumFacts | undefined;
  /** Given if it cannot be read. */
  failure?: Settlement;
}

/** Reads the next unread sidecars. Resolves to false when there was none. */
export async function readSidecars(
  db: UploadDb,
  archives: PartArchives,
  job: Import,
  signal: AbortSignal,
): Promise<boolean> {
  const source = job.source as ImportSource;
  const unread = await db.importEntry.findMany({
    where: { importId: job.id, outcome: 'waiting', role: SIDECAR_ROLES[source], isRead: false },
    orderBy: { id: 'asc' },
    take: BATCH,
    include: { part: true },
  });
  if (unread.length === 0) return false;
  const limit = pLimit(AT_A_TIME);
  const read = await Promise.all(
    unread.map((entry) => limit(() => readSidecar(archives, source, entry, signal))),
  );
  await save(db, job.id, read);
  return true;
}

async function readSidecar(
  archives: PartArchives,
  source: ImportSource,
  entry: EntryOfPart,
  signal: AbortSignal,
): Promise<SidecarRead> {
  const { id } = entry;
  const fail = (code: string, message: string): SidecarRead => ({
    id,
    facts: undefined,
    failure: { id, outcome: 'failed', code, message },
  });
  if (entry.sizeBytes > MAX_BYTES)
    return fail('sidecar_too_large', 'The file is too large to hold facts about a photo.');
  try {
    const body = await archives.openEntry(entry, signal);
    const text = Buffer.concat(await body.toArray()).toString('utf8');
    return { id, facts: source === 'takeout' ? readTakeoutJson(text) : readXmp(text) };
  } catch (error) {
    if (!(error instanceof EntryError || error instanceof ArchiveError)) throw error;
    return fail(error.code, error.message);
  }
}

async function save(db: UploadDb, importId: string, read: readonly SidecarRead[]): Promise<void> {
  const rows = read.map(({ id, facts }) => ({ id: String(id), facts: facts ?? null }));
  await db.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(
      `UPDATE import_entries e SET is_read = true, facts = nullif(read.facts, 'null'::jsonb)
       FROM jsonb_to_recordset($1::jsonb) AS read(id bigint, facts jsonb) WHERE e.id = read.id`,
      JSON.stringify(rows),
    );
    await settleEntries(
      tx,
      importId,
      read.flatMap(({ failure }) => failure ?? []),
    );
  });
}
