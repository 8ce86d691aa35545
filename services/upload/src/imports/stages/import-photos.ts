import type { PhotoLifeState } from '@lazyphotos/contracts';
import { type FolderRole, fileNameOf, type MatchRule, type PhotoFacts } from '@lazyphotos/import-engine';
import { describeError } from '@lazyphotos/service-kit';
import pLimit from 'p-limit';
import type { UploadContext } from '../../context.js';
import type { Import } from '../../generated/prisma/client.js';
import type { UploadDb } from '../../prisma.js';
import { importPhoto } from '../import-photo.js';
import type { EntryOfPart, PartArchives } from '../part-archives.js';
import { type Settlement, settleEntries } from '../settle.js';
import { isUnexpected } from '../states.js';
import { ArchiveError, EntryError } from '../zip/index.js';
import { dateOfEntry, describePhotos } from './describe-photos.js';

/** How many photos are described to the catalog and recorded together. */
const BATCH = 16;
const AT_A_TIME = 2;

/** A media entry with all that is known of it. */
export interface Planned extends EntryOfPart {
  sidecarFacts: PhotoFacts | undefined;
  folderRole: FolderRole;
  albumId: string | null;
}

export interface SettledEntry {
  entry: Planned;
  settlement: Settlement;
}

/** Imports the next photos. Resolves to the number of bytes that were read; undefined when no photo is left. */
export async function importNextPhotos(
  context: UploadContext,
  archives: PartArchives,
  job: Import,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { db, clients, metrics } = context;
  const entries = await nextEntries(db, job);
  if (entries.length === 0) return undefined;
  const limit = pLimit(AT_A_TIME);
  const results = await Promise.allSettled(
    entries.map((entry) =>
      limit(async () => {
        signal.throwIfAborted();
        await clients.waitUntilQuiet(signal);
        return { entry, settlement: await importEntry(context, archives, job, entry, signal) };
      }),
    ),
  );
  // Another process may be working on the same import now.
  signal.throwIfAborted();
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await describePhotos(context, job, done);
  await settleEntries(
    db,
    job.id,
    done.map(({ settlement }) => settlement),
  );
  for (const { settlement } of done) metrics.importedEntries.inc({ outcome: settlement.outcome });
  const fault = results.find((result) => result.status === 'rejected');
  if (fault) throw fault.reason;
  return bytesRead(done);
}

/** Of a video, only the first bytes are read. */
function bytesRead(done: readonly SettledEntry[]): number {
  return done
    .filter(({ settlement }) => settlement.outcome !== 'unsupported' && settlement.outcome !== 'ignored')
    .reduce((sum, { entry }) => sum + Number(entry.sizeBytes), 0);
}

/** The next media entries that wait, of those that were in the trash or of the others. */
const waitingEntries = (db: UploadDb, job: Import, isTrashed: boolean): Promise<EntryOfPart[]> =>
  db.importEntry.findMany({
    where: { importId: job.id, outcome: 'waiting', role: 'media', isRead: false, isTrashed },
    orderBy: { id: 'asc' },
    take: BATCH,
    include: { part: true },
  });

async function nextEntries(db: UploadDb, job: Import): Promise<Planned[]> {
  const others = await waitingEntries(db, job, false);
  // A photo that is in the trash and elsewhere must not end in the trash: all others are imported first.
  const entries = others.length > 0 ? others : await waitingEntries(db, job, true);
  const sidecars = await db.importEntry.findMany({
    where: { id: { in: entries.flatMap(({ sidecarId }) => sidecarId ?? []) } },
    select: { id: true, facts: true },
  });
  const factsOf = new Map(sidecars.map(({ id, facts }) => [id, facts as unknown as PhotoFacts]));
  const folders = await db.importFolder.findMany({
    where: { importId: job.id, path: { in: [...new Set(entries.map(({ folder }) => folder))] } },
  });
  const folderOf = new Map(folders.map((folder) => [folder.path, folder]));
  return entries.map((entry) => {
    const folder = folderOf.get(entry.folder);
    return {
      ...entry,
      sidecarFacts: entry.sidecarId === null ? undefined : factsOf.get(entry.sidecarId),
      folderRole: (folder?.role as FolderRole | null | undefined) ?? { kind: 'plain' },
      albumId: folder?.albumId ?? null,
    };
  });
}

async function importEntry(
  context: UploadContext,
  archives: PartArchives,
  job: Import,
  entry: Planned,
  signal: AbortSignal,
): Promise<Settlement> {
  const { id, name, sidecarFacts: facts, folderRole } = entry;
  if (folderRole.kind === 'failed-videos') return { id, outcome: 'ignored', code: 'failed_video' };
  const location = facts?.location;
  const date = dateOfEntry(job, entry, context.now());
  try {
    const settlement = await importPhoto(
      context,
      {
        id,
        userId: job.userId,
        name,
        sizeBytes: Number(entry.sizeBytes),
        photoId: entry.photoId,
        photoState: entry.photoState as PhotoLifeState | null,
        isVideoOfPhoto: entry.pictureId !== null,
        open: () => archives.openEntry(entry, signal),
      },
      {
        fileName: fileNameOf(name, facts, (entry.sidecarRule as MatchRule | null) ?? undefined),
        capturedAt: date?.capturedAt,
        capturedAtSource: date?.source ?? 'client',
        locationLat: location?.lat,
        locationLon: location?.lon,
        restore: job.restore,
      },
    );
    return await outOfTrash(context, job, entry, settlement);
  } catch (error) {
    if (error instanceof EntryError || error instanceof ArchiveError)
      return { id, outcome: 'failed', code: error.code, message: error.message };
    if (signal.aborted || !isUnexpected(error)) throw error;
    // An unexpected error with one file does not stop the import of the others.
    context.logger.error('an entry of an archive could not be imported', {
      importId: job.id,
      path: entry.path,
      error: describeError(error),
    });
    return { id, outcome: 'failed', code: 'internal_error', message: 'The file could not be imported.' };
  }
}

/** Restores a photo that this import has put into the trash, and that a later part has outside of the trash. */
async function outOfTrash(
  { db, catalog }: UploadContext,
  job: Import,
  entry: Planned,
  settlement: Settlement,
): Promise<Settlement> {
  const { photoId, photoState } = settlement;
  if (entry.isTrashed || photoState !== 'trashed' || photoId === undefined) return settlement;
  const [bringer] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT e.id FROM originals o
    JOIN upload_sessions s ON s.id = o.session_id
    JOIN import_entries e ON e.id = s.import_entry_id
    WHERE o.photo_id = ${photoId}::uuid AND e.import_id = ${job.id}::uuid AND e.is_trashed`;
  if (!bringer) return settlement;
  await catalog.restorePhoto(job.userId, photoId);
  return { ...settlement, photoState: 'active' };
}
