import type { Photo, Place } from '@lazyphotos/contracts';
import { formatTime } from '../format.js';

/** What --json says of a photo in a list: no signed URLs, which end soon. */
export function photoEntry(photo: Photo) {
  const { id, fileName, mimeType, sizeBytes, capturedAt, capturedAtOffset, uploadedAt } = photo;
  const { place, locationLat, locationLon, cameraMake, cameraModel } = photo;
  const { tags, favorite, rating, archived, kind, deletedAt, purgeAt } = photo;
  return {
    id,
    fileName,
    mimeType,
    sizeBytes,
    capturedAt,
    capturedAtOffset,
    uploadedAt,
    place,
    locationLat,
    locationLon,
    cameraMake,
    cameraModel,
    tags,
    favorite,
    rating,
    archived,
    kind,
    deletedAt,
    purgeAt,
  };
}

export const placeName = ({ city, region, country }: Place = {}): string =>
  [city ?? region, country].filter((name) => name !== undefined).join(', ') || '-';

/** File name, date, place, id. */
export const photoColumns = ({ id, fileName, capturedAt, capturedAtOffset, place }: Photo): string[] => [
  fileName,
  capturedAt === undefined ? '-' : formatTime(capturedAt, capturedAtOffset),
  placeName(place),
  id,
];
