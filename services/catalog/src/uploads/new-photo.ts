import {
  type CapturedAtSource,
  dateOfFile,
  type EventPayload,
  isBetterSource,
  storableDate,
  storageKeys,
} from '@lazyphotos/contracts';
import type { PhotoRow } from '../prisma.js';
import { storableDegrees } from '../values.js';

export type Upload = EventPayload<'upload.completed'>;

/** What a photo has that nobody has looked into or changed. */
const EMPTY_PHOTO = {
  capturedAtOffset: null,
  altitude: null,
  place: null,
  cameraMake: null,
  cameraModel: null,
  lensModel: null,
  fNumber: null,
  exposureTime: null,
  iso: null,
  focalLength: null,
  orientation: null,
  description: null,
  tags: [],
  tagKeys: [],
  favorite: false,
  rating: null,
  archived: false,
  kind: 'photo',
  durationMs: null,
  edits: {},
  isDeleted: false,
  deletedAt: null,
  trashedByImport: false,
  processing: 'pending',
  failureCode: null,
  failureReason: null,
  placeholder: null,
  mediaRun: 0,
  version: 1,
  searchWords: null,
} satisfies Partial<PhotoRow>;

interface CaptureTime {
  capturedAt: Date | null;
  capturedAtSource: CapturedAtSource | null;
}

/**
 * Returns when a photo was taken, without a look into the file: what the client says, unless a date in the name is more believable; else
 * what the name and the modification time say. A date that the media worker finds in the file replaces it later, unless it is less
 * believable.
 */
function announcedCaptureTime(upload: Upload): CaptureTime {
  const announced = storableDate(upload.capturedAt);
  const source = upload.capturedAtSource ?? 'client';
  const asAnnounced = { capturedAt: announced ?? null, capturedAtSource: announced ? source : null };
  if (announced && !isBetterSource('fileName', source)) return asAnnounced;
  const { fileName, hash, uploadedAt } = upload;
  const isModificationTime = source === 'fileModified';
  const found = dateOfFile({
    // A file that was announced without a name is named after the start of its hash.
    name: hash.startsWith(fileName) ? undefined : fileName,
    modifiedAt: isModificationTime ? announced : undefined,
    now: new Date(uploadedAt),
  });
  if (found) return { capturedAt: found.date, capturedAtSource: found.source };
  // A modification time that is not plausible is ignored.
  return isModificationTime ? { capturedAt: null, capturedAtSource: null } : asAnnounced;
}

/** Returns the photo of an upload, before its file was looked into. */
export function newPhoto(upload: Upload): PhotoRow {
  const { capturedAt, capturedAtSource } = announcedCaptureTime(upload);
  const uploadedAt = new Date(upload.uploadedAt);
  return {
    ...EMPTY_PHOTO,
    id: upload.photoId,
    userId: upload.userId,
    hash: upload.hash,
    storageKey: storageKeys.original(upload.userId, upload.photoId),
    fileName: upload.fileName,
    sizeBytes: BigInt(upload.sizeBytes),
    mimeType: upload.mimeType,
    capturedAt,
    capturedAtSource,
    sidecarDate: capturedAtSource === 'sidecar' ? capturedAt : null,
    uploadedAt,
    updatedAt: uploadedAt,
    sortAt: capturedAt ?? uploadedAt,
    width: upload.width ?? null,
    height: upload.height ?? null,
    locationLat: upload.locationLat === undefined ? null : storableDegrees(upload.locationLat),
    locationLon: upload.locationLon === undefined ? null : storableDegrees(upload.locationLon),
  };
}
