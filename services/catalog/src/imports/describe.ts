import type { CatalogApi, ImportedPhoto } from '@lazyphotos/contracts';
import { createImportedAlbums } from '../albums/albums.js';
import { addToAlbums } from '../albums/items.js';
import type { AlbumPhotos } from '../albums/positions.js';
import type { CatalogContext } from '../context.js';
import { lockDrafts, saveDrafts, takeInto } from '../metadata/edit.js';
import { batchesOf, type ListSize, readListSizes, rowsOf } from '../photos/batches.js';
import { neverOwned } from '../photos/lock.js';
import { trashLocked } from '../trash/transitions.js';
import { withFacts } from './facts.js';
import { albumTextsOf } from './texts.js';

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
 * Adds what an import knows to photos, batch by batch: one transaction for the facts and the trash, one for the albums. When one fails,
 * those before it are done, and the request can be repeated.
 */
export async function describeImported(
  context: CatalogContext,
  { userId, newAlbums, photos }: Parameters<CatalogApi['describeImported']>[0],
): ReturnType<CatalogApi['describeImported']> {
  await createImportedAlbums(
    context,
    userId,
    newAlbums.map((album) => ({ id: album.id, ...albumTextsOf(album) })),
  );
  const unknown = new Set<string>();
  const ids = photos.map(({ photoId }) => photoId);
  const sizes = await readListSizes(context.db, userId, ids);
  for (const batch of batchesOf(photos, (photo) => rowsFor(photo, sizes.get(photo.photoId)))) {
    for (const id of await describeBatch(context, userId, batch)) unknown.add(id);
    const wanted = photosByAlbum(batch);
    if (wanted.length > 0) await addToAlbums(context, userId, wanted);
  }
  return { unknown: [...unknown] };
}

/** Resolves to the ids that the catalog does not know. */
async function describeBatch(
  { unitOfWork, now, metrics }: CatalogContext,
  userId: string,
  photos: readonly ImportedPhoto[],
): Promise<string[]> {
  const counted = { applied: 0, dropped: 0 };
  const ids = [...new Set(photos.map(({ photoId }) => photoId))];
  const { drafts, unknown } = await unitOfWork.transaction(async (tx, emit) => {
    const at = now();
    const drafts = await lockDrafts(tx, userId, ids);
    const missing = ids.filter((id) => !drafts.has(id));
    const unknown = await neverOwned(tx, userId, missing);
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
}
