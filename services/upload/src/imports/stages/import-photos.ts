import type { CatalogApi, ImportedPhoto, PhotoLifeState } from '@lazyphotos/contracts';
import {
  dateOf,
  type FolderRole,
  fileNameOf,
  type MatchRule,
  type PhotoFacts,
  planTags,
} from '@lazyphotos/import-engine';
import { ProblemError, toProblem } from '@lazyphotos/service-kit';
import pLimit from 'p-limit';
import type { Import } from '../../generated/prisma/client.js';
import type { UploadDb } from '../../prisma.js';
import type { ArchivesOfParts, EntryOfPart } from '../archive-of-part.js';
import type { ImportPhoto } from '../import-photo.js';
import { withoutPlaced } from '../placements.js';
import { type Settlement, settleEntries } from '../settle.js';
import { ArchiveError, EntryError } from '../zip/index.js';

/** How many photos are described to the catalog and written down together. */
const BATCH = 16;
const AT_A_TIME = 2;

export interface ImportPhotosDeps {
  db: UploadDb;
  catalog: CatalogApi;
  archives: ArchivesOfParts;
  importPhoto: ImportPhoto;
  /** Resolves when clients are not uploading, or have let imports wait for long enough. */
  waitForClients: (signal: AbortSignal) => Promise<void>;
  /** Makes the catalog know a photo that it has not heard of. */
  announceAgain: (userId: string, photoIds: readonly string[]) => Promise<void>;
  onSettled: (settlement: Settlement) => void;
  onUnexpected: (entry: { id: bigint; path: string }, error: unknown) => void;
  now: () => Date;
}

/** A media entry with all that is known of it. */
interface Planned extends EntryOfPart {
  sidecarFacts: PhotoFacts | undefined;
  folderRole: FolderRole;
  albumId: string | null;
}

/** Imports the next photos. Resolves to how many of their bytes were read; undefined when none is left. */
export async function importNextPhotos(
  deps: ImportPhotosDeps,
  job: Import,
  signal: AbortSignal,
): Promise<number | undefined> {
  const entries = await nextEntries(deps.db, job);
  if (entries.length === 0) return undefined;
  const limit = pLimit(AT_A_TIME);
  const results = await Promise.allSettled(
    entries.map((entry) =>
      limit(async () => {
        signal.throwIfAborted();
        await deps.waitForClients(signal);
        return { entry, settlement: await importEntry(deps, job, entry, signal) };
      }),
    ),
  );
  // Another process may be at work on the same import by now.
  signal.throwIfAborted();
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await describe(deps, job, done);
  await settleEntries(
    deps.db,
    job.id,
    done.map(({ settlement }) => settlement),
  );
  for (const { settlement } of done) deps.onSettled(settlement);
  const fault = results.find((result) => result.status === 'rejected');
  if (fault) throw fault.reason;
  return bytesRead(done);
}

/** Of a video, only the first bytes are read. */
const bytesRead = (done: readonly { entry: Planned; settlement: Settlement }[]): number =>
  done
    .filter(({ settlement }) => settlement.outcome !== 'unsupported' && settlement.outcome !== 'ignored')
    .reduce((sum, { entry }) => sum + Number(entry.sizeBytes), 0);

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
  // A photo that is in the trash and elsewhere does not belong in the trash: all others come first.
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
  deps: ImportPhotosDeps,
  job: Import,
  entry: Planned,
  signal: AbortSignal,
): Promise<Settlement> {
  const { id, name, sidecarFacts: facts, folderRole } = entry;
  if (folderRole.kind === 'failed-videos') return { id, outcome: 'ignored', code: 'failed_video' };
  const location = facts?.location;
  const date = dateOfEntry(deps, job, entry);
  try {
    const settlement = await deps.importPhoto(
      {
        id,
        userId: job.userId,
        name,
        sizeBytes: Number(entry.sizeBytes),
        photoId: entry.photoId,
        photoState: entry.photoState as PhotoLifeState | null,
        isVideoOfPhoto: entry.pictureId !== null,
        open: () => deps.archives.openEntry(entry, signal),
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
    return await outOfTrash(deps, job, entry, settlement);
  } catch (error) {
    if (error instanceof EntryError || error instanceof ArchiveError)
      return { id, outcome: 'failed', code: error.code, message: error.message };
    if (signal.aborted || toProblem(error).code !== 'internal_error') throw error;
    // An unexpected error with one file does not hold up all others.
    deps.onUnexpected(entry, error);
    return { id, outcome: 'failed', code: 'internal_error', message: 'The file could not be imported.' };
  }
}

/** A photo that this import has put into the trash, and that a later part has outside of it, comes back. */
async function outOfTrash(
  { db, catalog }: ImportPhotosDeps,
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

/** The date to announce. A folder that somebody has zipped keeps the files' times; an export has its own day there. */
const dateOfEntry = ({ now }: ImportPhotosDeps, job: Import, entry: Planned) =>
  dateOf({
    facts: entry.sidecarFacts,
    fileName: entry.name,
    folder: entry.folderRole,
    modifiedAt: job.source === 'folder' ? (entry.modifiedAt ?? undefined) : undefined,
    now: now(),
  });

/** What the catalog is to know of a photo, besides the photo itself. */
function importedPhoto(
  deps: ImportPhotosDeps,
  job: Import,
  entry: Planned,
  settlement: Settlement & { photoId: string },
): ImportedPhoto {
  const { sidecarFacts: facts, folderRole, albumId } = entry;
  const date = dateOfEntry(deps, job, entry);
  const isArchived = facts?.archived || folderRole.kind === 'archive' || folderRole.kind === 'locked';
  const tags = facts ? planTags(facts) : [];
  return {
    photoId: settlement.photoId,
    ...(date ? { date } : {}),
    ...(facts?.location ? { location: facts.location } : {}),
    edits: {
      at: facts?.editedAt,
      description: facts?.description,
      favorite: facts?.favorite ? true : undefined,
      archived: isArchived ? true : undefined,
      rating: facts?.rating,
      location: facts?.isLocationEdited ? facts.location : undefined,
      tags: tags.length > 0 ? tags : undefined,
    },
    // What the library had before stays where it is.
    trashed: entry.isTrashed && settlement.outcome === 'imported',
    albumIds: albumId === null ? [] : [albumId],
  };
}

const hasPhoto = (settlement: Settlement): settlement is Settlement & { photoId: string } =>
  settlement.photoId !== undefined && settlement.photoState !== 'deleted';

/** A request between services may have a megabyte. */
const MAX_REQUEST_BYTES = 400_000;

/** As many of the first photos as one request takes; one at least. */
function withinSize(photos: readonly ImportedPhoto[]): ImportedPhoto[] {
  let bytes = 0;
  return photos.filter((photo, index) => {
    bytes += Buffer.byteLength(JSON.stringify(photo));
    return index === 0 || bytes <= MAX_REQUEST_BYTES;
  });
}

/** Tells the catalog what the sidecars and folders say. Entries with the same content are one photo, and told one after the other. */
async function describe(
  deps: ImportPhotosDeps,
  job: Import,
  done: readonly { entry: Planned; settlement: Settlement }[],
): Promise<void> {
  const photos = done.flatMap(({ entry, settlement }) =>
    hasPhoto(settlement) ? [importedPhoto(deps, job, entry, settlement)] : [],
  );
  let left = await withoutPlaced(deps.db, photos);
  while (left.length > 0) {
    const firsts = left.filter(
      (photo, index) => left.findIndex(({ photoId }) => photoId === photo.photoId) === index,
    );
    const request = withinSize(firsts);
    await describeOnce(deps, job, request);
    left = left.filter((photo) => !request.includes(photo));
  }
}

async function describeOnce(
  deps: ImportPhotosDeps,
  { userId }: Import,
  photos: ImportedPhoto[],
): Promise<void> {
  const { db, catalog, announceAgain } = deps;
  const albumIds = [...new Set(photos.flatMap((photo) => photo.albumIds))];
  const newAlbums = await db.importedAlbum.findMany({ where: { id: { in: albumIds }, isMade: false } });
  const request = {
    userId,
    newAlbums: newAlbums.map(({ id, name, description }) => ({
      id,
      name,
      ...(description ? { description } : {}),
    })),
    photos,
  };
  let { unknown } = await catalog.describeImported(request);
  await db.importedAlbum.updateMany({
    where: { id: { in: newAlbums.map(({ id }) => id) } },
    data: { isMade: true },
  });
  if (unknown.length === 0) return;
  await announceAgain(userId, unknown);
  const again = photos.filter(({ photoId }) => unknown.includes(photoId));
  ({ unknown } = await catalog.describeImported({ ...request, newAlbums: [], photos: again }));
  if (unknown.length > 0)
    throw new ProblemError('service_unavailable', 'The catalog has not heard of all imported photos yet.');
}
