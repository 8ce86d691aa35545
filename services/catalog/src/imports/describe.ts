import type { CatalogApi, ImportedPhoto } from '@lazyphotos/contracts';
import type { UnitOfWork } from '@lazyphotos/database';
import type { Albums } from '../albums/albums.js';
import type { AlbumItems } from '../albums/items.js';
import type { AlbumPhotos } from '../albums/positions.js';
import { draftOf, saveDrafts, takeInto } from '../metadata/drafts.js';
import type { CatalogMetrics } from '../metrics.js';
import { chunksOf, type ListSize, readListSizes, rowsOf } from '../photos/chunks.js';
import { lockPhotos, neverOwned } from '../photos/lock.js';
import type { CatalogDb, CatalogTx } from '../prisma.js';
import { trashLocked } from '../trash/transitions.js';
import { ownPhotosById } from '../visibility.js';
import { withFacts } from './facts.js';
import { albumTextsOf } from './texts.js';

export interface DescribeImportedDeps {
  db: CatalogDb;
  unitOfWork: UnitOfWork<CatalogTx>;
  albums: Pick<Albums, 'createImported'>;
  items: Pick<AlbumItems, 'addToAlbums'>;
  now: () => Date;
  metrics: CatalogMetrics;
}

/** How many rows of lists a photo's facts write: its own, and one for each of its tags in each album that it comes into. */
const rowsFor = ({ edits, albumIds }: ImportedPhoto, size: ListSize | undefined): number => {
  const newTags = edits.tags?.length ?? 0;
  return rowsOf(size, newTags) + albumIds.length * (1 + (size?.tags ?? 0) + newTags);
};

/** The albums in the order of their ids, each with its photos in the order of the request. */
function photosByAlbum(photos: readonly ImportedPhoto[]): AlbumPhotos[] {
  const byAlbum = new Map<string, Set<string>>();
  for (const { photoId, albumIds } of photos)
    for (const albumId of albumIds) byAlbum.set(albumId, (byAlbum.get(albumId) ?? new Set()).add(photoId));
  return [...byAlbum]
    .map(([albumId, photoIds]) => ({ albumId, photoIds: [...photoIds] }))
    .sort((a, b) => (a.albumId < b.albumId ? -1 : 1));
}

/**
 * Adds what an import knows to photos, chunk by chunk: one transaction for the facts and the trash, one for the albums. When one fails,
 * those before it are done, and the request can be repeated.
 */
export function createDescribeImported(deps: DescribeImportedDeps): CatalogApi['describeImported'] {
  const { db, unitOfWork, albums, items, now, metrics } = deps;

  /** Resolves to the ids that the catalog has not heard of. */
  const describeChunk = async (userId: string, photos: readonly ImportedPhoto[]): Promise<string[]> => {
    const counted = { applied: 0, dropped: 0 };
    const ids = [...new Set(photos.map(({ photoId }) => photoId))];
    const { drafts, unknown } = await unitOfWork.transaction(async (tx, emit) => {
      const at = now();
      const known = await lockPhotos(tx, userId, ids);
      const unknown = await neverOwned(
        tx,
        userId,
        ids.filter((id) => !known.has(id)),
      );
      // Not by all ids: one that came in between is not locked.
      const rows = await tx.photo.findMany({ where: ownPhotosById(userId, [...known]) });
      const drafts = new Map(rows.map((row) => [row.id, draftOf(row)]));
      for (const photo of photos) {
        const draft = drafts.get(photo.photoId);
        if (!draft) continue;
        const merged = withFacts(draft.row, photo, at);
        takeInto(draft, merged);
        counted.applied += merged.applied;
        counted.dropped += merged.dropped;
      }
      await saveDrafts(tx, emit, [...drafts.values()], at);
      const trashed = [...drafts.values()]
        .filter(({ before, row }) => row.trashedByImport && !before.trashedByImport)
        .map(({ row }) => row.id);
      if (trashed.length > 0) await trashLocked(tx, emit, userId, trashed, at);
      return { drafts: [...drafts.values()], unknown };
    });
    const changed = drafts.filter(({ isChanged }) => isChanged).length;
    metrics.edits.inc({ outcome: 'applied' }, counted.applied);
    metrics.edits.inc({ outcome: 'dropped' }, counted.dropped);
    metrics.described.inc({ outcome: 'changed' }, changed);
    metrics.described.inc({ outcome: 'unchanged' }, drafts.length - changed);
    metrics.described.inc({ outcome: 'purged' }, ids.length - drafts.length - unknown.length);
    metrics.described.inc({ outcome: 'unknown' }, unknown.length);
    return unknown;
  };

  return async ({ userId, newAlbums, photos }) => {
    await albums.createImported(
      userId,
      newAlbums.map((album) => ({ id: album.id, ...albumTextsOf(album) })),
    );
    const unknown = new Set<string>();
    const ids = photos.map(({ photoId }) => photoId);
    const sizes = await readListSizes(db, userId, ids);
    for (const chunk of chunksOf(photos, (photo) => rowsFor(photo, sizes.get(photo.photoId)))) {
      for (const id of await describeChunk(userId, chunk)) unknown.add(id);
      const wanted = photosByAlbum(chunk);
      if (wanted.length > 0) await items.addToAlbums(userId, wanted);
    }
    return { unknown: [...unknown] };
  };
}
