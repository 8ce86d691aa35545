import type { EventPayload, EventType, PhotoRecord } from '../src/index.js';

const USER = '01890a5d-ac96-774b-bcce-b302099a8057';
const PHOTO = '01890a5d-ac96-774b-bcce-b302099a8058';
const ALBUM = '01890a5d-ac96-774b-bcce-b302099a8059';
const TIME = '2026-05-01T12:00:00.000Z';
const HASH = 'ab'.repeat(32);

export const photoRecordExample: PhotoRecord = {
  id: PHOTO,
  userId: USER,
  storageKey: `originals/${USER}/${PHOTO}`,
  hash: HASH,
  fileName: 'Söhne & Töchter 😀.jpg',
  sizeBytes: 4_000_000,
  mimeType: 'image/jpeg',
  capturedAt: TIME,
  capturedAtSource: 'exifOriginal',
  uploadedAt: TIME,
  updatedAt: TIME,
  width: 4000,
  height: 3000,
  locationLat: -33.9,
  locationLon: 18.4,
  cameraMake: 'Canon',
  cameraModel: 'EOS R5',
  lensModel: 'RF 50mm',
  fNumber: 1.8,
  exposureTime: 0.004,
  iso: 100,
  focalLength: 50,
  orientation: 6,
  description: 'two\nlines',
  tags: ['sea', 'été'],
  favorite: true,
  isDeleted: false,
  processing: 'ready',
  placeholder: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  version: 3,
};

const deletedPhoto = {
  photoId: PHOTO,
  userId: USER,
  storageKey: `originals/${USER}/${PHOTO}`,
  version: 4,
  deletedAt: TIME,
};

/** One event of each type, with every field that it may have. */
export const payloadExamples: { [T in EventType]: EventPayload<T> } = {
  'upload.completed': {
    photoId: PHOTO,
    userId: USER,
    deviceId: ALBUM,
    storageKey: `originals/${USER}/${PHOTO}`,
    hash: HASH,
    sizeBytes: 1,
    mimeType: 'image/jpeg',
    fileName: 'IMG_1.jpg',
    capturedAt: '2026-05-01T14:00:00+02:00',
    capturedAtSource: 'fileModified',
    width: 1,
    height: 1_000_000,
    locationLat: 90,
    locationLon: -180,
    uploadedAt: TIME,
  },
  'media.processed': {
    photoId: PHOTO,
    userId: USER,
    run: 2,
    outcome: 'failed',
    failure: { code: 'unreadable', reason: 'The file ends in the middle.' },
    capturedAt: TIME,
    capturedAtSource: 'gps',
    width: 4000,
    height: 3000,
    locationLat: 0,
    locationLon: 0,
    cameraMake: 'Canon',
    iso: 100,
    orientation: 1,
    previews: [{ variant: 'thumb', width: 300, height: 225, sizeBytes: 12_345 }],
    placeholder: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  },
  'photo.changed': { photo: photoRecordExample },
  'photo.trashed': deletedPhoto,
  'photo.purged': deletedPhoto,
  'album.changed': {
    album: {
      id: ALBUM,
      userId: USER,
      name: 'Holidays',
      description: 'by the sea',
      coverPhotoId: PHOTO,
      itemCount: 1,
      createdAt: TIME,
      updatedAt: TIME,
      isDeleted: false,
      version: 2,
    },
    added: [PHOTO],
    removed: [],
  },
  'album.deleted': { albumId: ALBUM, userId: USER, version: 3, deletedAt: TIME },
};
