import type { CapturedAtSource, PhotoRecord, Place } from '@lazyphotos/contracts';
import type { ListedPhoto } from './columns.js';

export const orUndefined = <T>(value: T | null): T | undefined => value ?? undefined;

/** A photo as events carry it. */
export const photoRecordOf = (row: ListedPhoto): PhotoRecord => ({
  id: row.id,
  userId: row.userId,
  storageKey: row.storageKey,
  hash: row.hash,
  fileName: row.fileName,
  sizeBytes: Number(row.sizeBytes),
  mimeType: row.mimeType,
  capturedAt: row.capturedAt?.toISOString(),
  capturedAtSource: orUndefined(row.capturedAtSource as CapturedAtSource | null),
  capturedAtOffset: orUndefined(row.capturedAtOffset),
  uploadedAt: row.uploadedAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  width: row.width,
  height: row.height,
  locationLat: orUndefined(row.locationLat),
  locationLon: orUndefined(row.locationLon),
  altitude: orUndefined(row.altitude),
  place: orUndefined(row.place as Place | null),
  cameraMake: orUndefined(row.cameraMake),
  cameraModel: orUndefined(row.cameraModel),
  lensModel: orUndefined(row.lensModel),
  fNumber: orUndefined(row.fNumber),
  exposureTime: orUndefined(row.exposureTime),
  iso: orUndefined(row.iso),
  focalLength: orUndefined(row.focalLength),
  orientation: orUndefined(row.orientation),
  description: orUndefined(row.description),
  tags: row.tags,
  favorite: row.favorite,
  rating: orUndefined(row.rating),
  archived: row.archived,
  kind: row.kind as PhotoRecord['kind'],
  durationMs: orUndefined(row.durationMs),
  isDeleted: row.isDeleted,
  deletedAt: row.deletedAt?.toISOString(),
  processing: row.processing as PhotoRecord['processing'],
  processingError:
    row.processing === 'failed'
      ? { code: row.failureCode ?? 'unknown', reason: row.failureReason ?? '' }
      : undefined,
  placeholder: orUndefined(row.placeholder),
  version: row.version,
});
