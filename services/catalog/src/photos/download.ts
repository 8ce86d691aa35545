import type { CopyEdits, endpoints, QueryOf } from '@lazyphotos/contracts';
import type { CatalogContext } from '../context.js';
import { readEdits } from '../metadata/edits.js';
import type { PhotoRow } from '../prisma.js';

type Query = QueryOf<typeof endpoints.downloadPhoto>;

/** Returns what the user has edited and the file cannot know: what a copy must contain. */
export function copyEditsOf(row: PhotoRow): CopyEdits {
  const { at, tags } = readEdits(row.edits);
  const edited = <F extends keyof typeof at, V>(field: F, value: V) =>
    at[field] === undefined ? {} : { [field]: value };
  const { locationLat: lat, locationLon: lon } = row;
  return {
    ...edited('description', row.description),
    ...edited('rating', row.rating),
    ...edited('cameraMake', row.cameraMake),
    ...edited('cameraModel', row.cameraModel),
    ...edited('location', lat === null || lon === null ? null : { lat, lon }),
    ...(at.capturedAt === undefined || !row.capturedAt
      ? {}
      : {
          capturedAt: row.capturedAt.toISOString(),
          ...(row.capturedAtOffset === null ? {} : { capturedAtOffset: row.capturedAtOffset }),
        }),
    ...(tags.setAt === null && tags.elements.size === 0 ? {} : { tags: row.tags }),
  };
}

/** Returns a signed URL of what a photo's owner downloads. */
export async function signDownload(
  { mediaUrls, copies }: CatalogContext,
  row: PhotoRow,
  { size, metadata }: Query,
) {
  const { userId, id: photoId, storageKey, mimeType, version } = row;
  if (size !== 'original') return mediaUrls.sign(userId, photoId, size);
  // The name that the original came with is kept with its object.
  const name = readEdits(row.edits).at.fileName === undefined ? undefined : row.fileName;
  if (metadata === 'original') return mediaUrls.sign(userId, photoId, 'original', name);
  const edits = copyEditsOf(row);
  const { key } = await copies.makeCopy({
    kind: 'embedded',
    userId,
    photoId,
    storageKey,
    mimeType,
    version,
    edits,
  });
  // Where there is nothing to write, the original is such a copy.
  const variant = key === storageKey ? 'original' : (`embedded-${version}` as const);
  return mediaUrls.sign(userId, photoId, variant, name ?? row.fileName);
}
