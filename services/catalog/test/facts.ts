import { createHash } from 'node:crypto';
import type { AnyEvent, EventPayload, EventType, ImportedPhoto } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';

export type Upload = EventPayload<'upload.completed'>;
export type MediaResult = EventPayload<'media.processed'>;

/** What the upload service says of a new photo. */
export function newUpload(userId: string, more: Partial<Upload> = {}): Upload {
  const photoId = more.photoId ?? newId();
  return {
    photoId,
    userId,
    storageKey: `originals/${userId}/${photoId}`,
    hash: createHash('sha256').update(photoId).digest('hex'),
    sizeBytes: 1234,
    mimeType: 'image/jpeg',
    fileName: 'IMG_0001.JPG',
    uploadedAt: new Date().toISOString(),
    ...more,
  };
}

/** What the media worker says of a photo that it could read. */
export const readyResult = ({ photoId, userId }: Upload, more: Partial<MediaResult> = {}): MediaResult => ({
  photoId,
  userId,
  run: 1,
  outcome: 'ready',
  previews: [{ variant: 'thumb', width: 300, height: 200, sizeBytes: 5000 }],
  placeholder: 'AAAA',
  ...more,
});

export const failedResult = (upload: Upload, more: Partial<MediaResult> = {}): MediaResult =>
  readyResult(upload, {
    outcome: 'failed',
    failure: { code: 'unreadable', reason: 'The file is damaged' },
    previews: [],
    ...more,
  });

/** What an import says of a photo. */
export const imported = (photoId: string, more: Partial<ImportedPhoto> = {}): ImportedPhoto => ({
  photoId,
  edits: {},
  trashed: false,
  albumIds: [],
  ...more,
});

export const eventOf = <T extends EventType>(type: T, payload: EventPayload<T>): AnyEvent =>
  ({ id: newId(), type, occurredAt: new Date().toISOString(), payload }) as unknown as AnyEvent;
