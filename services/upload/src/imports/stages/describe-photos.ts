import type { ImportedPhoto } from '@lazyphotos/contracts';
import { dateOf, planTags } from '@lazyphotos/import-engine';
import { ProblemError } from '@lazyphotos/service-kit';
import { announcePhotos } from '../../completion/announce.js';
import type { UploadContext } from '../../context.js';
import type { Import } from '../../generated/prisma/client.js';
import type { UploadDb } from '../../prisma.js';
import type { Settlement } from '../settle.js';
import type { Planned, SettledEntry } from './import-photos.js';

/** A request between services may have a megabyte. */
const MAX_REQUEST_BYTES = 400_000;

type SettledPhoto = Settlement & { photoId: string };

/** Tells the catalog what sidecars and folders say. Entries with the same content are one photo, and are described one after the other. */
export async function describePhotos(
  context: UploadContext,
  job: Import,
  done: readonly SettledEntry[],
): Promise<void> {
  const photos = done.flatMap(({ entry, settlement }) =>
    hasPhoto(settlement) ? [importedPhoto(job, entry, settlement, context.now())] : [],
  );
  let left = await withoutPlaced(context.db, photos);
  while (left.length > 0) {
    const firsts = left.filter(
      (photo, index) => left.findIndex(({ photoId }) => photoId === photo.photoId) === index,
    );
    const request = withinSize(firsts);
    await describeOnce(context, job.userId, request);
    left = left.filter((photo) => !request.includes(photo));
  }
}

/** Returns the date to announce. A zipped folder keeps the files' times; in an export they are the day of the export. */
export function dateOfEntry(job: Import, entry: Planned, now: Date) {
  return dateOf({
    facts: entry.sidecarFacts,
    fileName: entry.name,
    folder: entry.folderRole,
    modifiedAt: job.source === 'folder' ? (entry.modifiedAt ?? undefined) : undefined,
    now,
  });
}

/** Returns what sidecar and folder say about a photo. */
function importedPhoto(job: Import, entry: Planned, settlement: SettledPhoto, now: Date): ImportedPhoto {
  const { sidecarFacts: facts, folderRole, albumId } = entry;
  const date = dateOfEntry(job, entry, now);
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
    // A photo that was there before stays where it is.
    trashed: entry.isTrashed && settlement.outcome === 'imported',
    albumIds: albumId === null ? [] : [albumId],
  };
}

const hasPhoto = (settlement: Settlement): settlement is SettledPhoto =>
  settlement.photoId !== undefined && settlement.photoState !== 'deleted';

/** Returns as many of the first photos as fit into one request; at least one. */
function withinSize(photos: readonly ImportedPhoto[]): ImportedPhoto[] {
  let bytes = 0;
  return photos.filter((photo, index) => {
    bytes += Buffer.byteLength(JSON.stringify(photo));
    return index === 0 || bytes <= MAX_REQUEST_BYTES;
  });
}

async function describeOnce(context: UploadContext, userId: string, photos: ImportedPhoto[]): Promise<void> {
  const { db, catalog } = context;
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
  await announcePhotos(context, userId, unknown);
  const again = photos.filter(({ photoId }) => unknown.includes(photoId));
  ({ unknown } = await catalog.describeImported({ ...request, newAlbums: [], photos: again }));
  if (unknown.length > 0)
    throw new ProblemError('service_unavailable', 'The catalog does not know all imported photos yet.');
}

interface Placement {
  photoId: string;
  albumId: string;
}

/**
 * Returns the photos without the albums that an import has put them into before: their owner may have removed them since. An entry is
 * settled after it was described, so the photo of a settled entry has been put into its album.
 */
async function withoutPlaced(db: UploadDb, photos: ImportedPhoto[]): Promise<ImportedPhoto[]> {
  const inAlbums = photos.filter(({ albumIds }) => albumIds.length > 0);
  if (inAlbums.length === 0) return photos;
  const photoIds = inAlbums.map(({ photoId }) => photoId);
  const albumIds = inAlbums.flatMap((photo) => photo.albumIds);
  const placed = await db.$queryRaw<Placement[]>`
    SELECT DISTINCT e.photo_id AS "photoId", f.album_id AS "albumId"
    FROM import_entries e JOIN import_folders f ON f.import_id = e.import_id AND f.path = e.folder
    WHERE e.photo_id = ANY(${photoIds}::uuid[]) AND f.album_id = ANY(${albumIds}::uuid[])
      AND e.outcome IN ('imported', 'duplicate')`;
  const isPlaced = ({ photoId, albumId }: Placement) =>
    placed.some((one) => one.photoId === photoId && one.albumId === albumId);
  return photos.map((photo) => ({
    ...photo,
    albumIds: photo.albumIds.filter((albumId) => !isPlaced({ photoId: photo.photoId, albumId })),
  }));
}
