import type { Place, SharedPhoto, ShareLink } from '@lazyphotos/contracts';
import type { LinkForMedia, ShareSigning } from '@lazyphotos/service-kit';
import { readEdits } from '../metadata/edits.js';
import type { ListedPhoto } from '../photos/columns.js';
import { orUndefined } from '../photos/record.js';
import type { ShareLinkRow } from '../prisma.js';

/** A link as its owner sees it. */
export const shareLinkOf = (row: ShareLinkRow): ShareLink => ({
  id: row.id,
  ...(row.photoId === null ? {} : { photoId: row.photoId }),
  ...(row.albumId === null ? {} : { albumId: row.albumId }),
  ...(row.title === null ? {} : { title: row.title }),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  hasPassword: row.passwordHash !== null,
  allowDownload: row.allowDownload,
  showLocation: row.showLocation,
  viewCount: row.viewCount,
  ...(row.lastViewedAt === null ? {} : { lastViewedAt: row.lastViewedAt.toISOString() }),
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** The previews of one photo, by URLs of this link. */
export const sharedThumbnails = (signing: ShareSigning, link: LinkForMedia, photoId: string) => ({
  thumb: signing.mediaUrl(link, photoId, 'thumb'),
  medium: signing.mediaUrl(link, photoId, 'medium'),
});

interface SharedPhotoOptions extends LinkForMedia {
  allowDownload: boolean;
}

/** A photo as visitors see it. Fields are named one by one: what is not named here cannot leak. */
export function sharedPhotoOf(
  row: ListedPhoto,
  link: SharedPhotoOptions,
  signing: ShareSigning,
  localPlace: (place: Place) => Place,
): SharedPhoto {
  const where = {
    locationLat: orUndefined(row.locationLat),
    locationLon: orUndefined(row.locationLon),
    altitude: orUndefined(row.altitude),
    place: row.place ? localPlace(row.place as Place) : undefined,
  };
  // The file still holds the location that the owner has removed or corrected.
  const isLocationEdited = readEdits(row.edits).at.location !== undefined;
  const forOriginal = { ...link, showLocation: link.showLocation && !isLocationEdited };
  return {
    id: row.id,
    fileName: row.fileName,
    mimeType: row.mimeType,
    sizeBytes: Number(row.sizeBytes),
    width: row.width,
    height: row.height,
    capturedAt: row.capturedAt?.toISOString(),
    capturedAtOffset: orUndefined(row.capturedAtOffset),
    description: orUndefined(row.description),
    kind: row.kind as SharedPhoto['kind'],
    durationMs: orUndefined(row.durationMs),
    placeholder: orUndefined(row.placeholder),
    thumbnails: row.processing === 'ready' ? sharedThumbnails(signing, link, row.id) : {},
    ...(link.allowDownload
      ? { originalUrl: signing.mediaUrl(forOriginal, row.id, 'original', row.fileName) }
      : {}),
    ...(link.showLocation ? where : {}),
  };
}
