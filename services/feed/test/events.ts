import type { Album, AnyEvent, EventOf, EventPayload, EventType, PhotoRecord } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';

const START = Date.UTC(2026, 0, 1);

/** The catalog's time of an entity's version. */
export const at = (version: number): string => new Date(START + version * 60_000).toISOString();

export const event = <T extends EventType>(type: T, payload: EventPayload<T>): AnyEvent => {
  const made: EventOf<T> = { id: newId(), type, occurredAt: at(0), payload };
  return made as AnyEvent;
};

export const photoRecord = (userId: string, more: Partial<PhotoRecord> = {}): PhotoRecord => {
  const id = more.id ?? newId();
  const version = more.version ?? 1;
  return {
    id,
    userId,
    storageKey: `originals/${userId}/${id}`,
    hash: '0123456789abcdef'.repeat(4),
    fileName: 'IMG_0001.jpg',
    sizeBytes: 4_000_000,
    mimeType: 'image/jpeg',
    uploadedAt: at(1),
    updatedAt: at(version),
    width: 4000,
    height: 3000,
    tags: [],
    favorite: false,
    archived: false,
    kind: 'photo',
    isDeleted: false,
    processing: 'ready',
    version,
    ...more,
  };
};

export const albumRecord = (userId: string, more: Partial<Album> = {}): Album => {
  const version = more.version ?? 1;
  return {
    id: newId(),
    userId,
    name: 'Holidays',
    order: 'date',
    itemCount: 0,
    createdAt: at(1),
    updatedAt: at(version),
    isDeleted: false,
    version,
    ...more,
  };
};

export const photoChanged = (photo: PhotoRecord) => event('photo.changed', { photo });

const goneBy = ({ id, userId, storageKey }: PhotoRecord, version: number) => ({
  photoId: id,
  userId,
  storageKey,
  version,
  deletedAt: at(version),
});
export const photoTrashed = (photo: PhotoRecord, version: number) =>
  event('photo.trashed', goneBy(photo, version));
export const photoPurged = (photo: PhotoRecord, version: number) =>
  event('photo.purged', goneBy(photo, version));

export const albumChanged = (
  album: Album,
  added: string[] = [],
  removed: string[] = [],
  positions?: Record<string, string>,
) => event('album.changed', { album, added, removed, ...(positions ? { positions } : {}) });
export const albumDeleted = ({ id, userId }: Album, version: number) =>
  event('album.deleted', { albumId: id, userId, version, deletedAt: at(version) });
