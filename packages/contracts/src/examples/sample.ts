import type { Album } from '../http/albums.js';
import type { Photo } from '../http/photos.js';
import { storageKeys } from '../storage-keys.js';

/**
 * The values in examples that only a node can know. The same value means the same thing in every example: the test puts the
 * node's own in its place, once a response has told it.
 */
export const sample = {
  claimCode: 'WQT7-A7Q5-R9S6',
  serverId: '01968c9e-1f00-7a31-9f5e-0c6de2a8b0f1',
  userId: '01968c9e-2a10-7d42-8b11-5f20c9d3e7a4',
  registrationToken: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.cmVnaXN0cmF0aW9u.c2lnbmF0dXJl',
  registrationRefreshToken: 'rt_7bq0mGkT3xVdQmZc1yHf2nLs8uWj5oPa',
  accessToken: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.c2lnbi1pbg.c2lnbmF0dXJl',
  refreshToken: 'rt_2fVn9sXc4kQeR6tYu8iOp0aSdFgHjKlZ',
  nextAccessToken: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.cmVmcmVzaA.c2lnbmF0dXJl',
  nextRefreshToken: 'rt_9mNbVcXzLkJhGfDsApOiUyTrEwQ1a2S3',
  deviceId: '01968c9f-0b00-7c10-a6d2-3e9b17f8c452',
  inviteId: '01968c9f-4400-7e55-b3c8-92a1d06f7e38',
  inviteCode: 'K3MX-8TQV-2HWD',
  uploadSessionId: '01968ca0-1100-7f01-8d3a-6b5c4e2f1a90',
  otherUploadSessionId: '01968ca0-2200-7f02-9e4b-7c6d5f3a2b81',
  photoId: '01968ca0-3300-7a03-af5c-8d7e604b3c72',
  albumId: '01968ca1-4400-7b04-b06d-9e8f715c4d63',
  shareLinkId: '01968ca2-5500-7c05-b17e-a09f826d5e54',
  otherShareLinkId: '01968ca2-6600-7d06-b28f-b1a0937e6f45',
  shareToken: 'yW3qXo7b0m2Tn5Vd8Kc1Hf4Jp6Ls9Qr-Zt_Ua2Eg3Xi',
  shareUnlockToken: 'eyJhbGciOiJIUzI1NiJ9.dW5sb2NrZWQ.c2lnbmF0dXJl',
  shareMediaHandle: 'b3JpZ2luYWxfb2ZfYV9zaGFyZWRfcGhvdG8',
  importUploadSessionId: '01968ca3-7700-7e07-8390-c2b1a48f7056',
  archiveId: '01968ca3-8800-7f08-94a1-d3c2b59081b7',
  importId: '01968ca3-9900-7009-a5b2-e4d3c6a192c8',
  otherImportId: '01968ca3-bb00-720b-87d4-06f5e8c3b4ea',
  importedPhotoId: '01968ca3-aa00-710a-b6c3-f5e4d7b2a3d9',
  originalExpiry: '1777651200',
  originalSignature: 'V0zq3sYJm1b7n6iT2oKx4Rr8uWc9aPdEfGhLkMvNbQs',
} as const;

/** The password of every account in the examples. */
export const samplePassword = 'correct horse battery';

/** The password of the share link in the examples. */
export const sampleSharePassword = 'open sesame';

/** A photo of the testkit: `samples/good/jpeg/portrait-with-gps.jpg`. */
export const samplePicture = {
  fileName: 'portrait-with-gps.jpg',
  mimeType: 'image/jpeg',
  hash: 'c00db897c87b3c618ca40b42bdbbccb2d8620bc2d811cdbf0413ddbec02334d3',
  sizeBytes: 6117,
} as const;

/** A ZIP with a picture and the JSON that Google Photos writes for it, and its bytes in base64. */
export const sampleArchive = {
  fileName: 'takeout-20260501T120000Z-001.zip',
  mimeType: 'application/zip',
  hash: '75f8ec8481ffd44089bd94b00bb8572d4800b184214402601bed2176b7094d9e',
  sizeBytes: 614,
} as const;
export const sampleArchiveBytes =
  'UEsDBBQAAAAIAABgoVw/uDyEYwAAAHUAAAAxAAAAVGFrZW91dC9Hb29nbGUgUGhvdG9zL1Bob3RvcyBmcm9tIDIwMjQvc3Vuc2V0' +
  'LnBuZ+sM8HPn5ZLiYmBg4PX0cAkC0gIgzAEkGKxmLNgLpGw8XRxDKm7FHjzIwKDAcOCAYouAEwca8becXaxFQ0WR23WFk/AugxZN' +
  'nURu9x2HJvPrl1cwuvAuOAoyz9PVz2WdU0ITAFBLAwQUAAAACAAAYKFc6ixuWFsAAABpAAAATAAAAFRha2VvdXQvR29vZ2xlIFBo' +
  'b3Rvcy9QaG90b3MgZnJvbSAyMDI0L3N1bnNldC5wbmcuc3VwcGxlbWVudGFsLW1ldGFkYXRhLmpzb24ljMsJgDAMQFcpOYtUQfzM' +
  '0QWKBg3atJjoRbq7Fs/v84CSHgiTAblYUOvEK1QGFpT5pKQUuUC3oTm8qMEbmX4lbVGj8zuyo1AWzzcLKOpDKk3T27G1w9B1kPML' +
  'UEsBAhQDFAAAAAgAAGChXD+4PIRjAAAAdQAAADEAAAAAAAAAAAAAAKQBAAAAAFRha2VvdXQvR29vZ2xlIFBob3Rvcy9QaG90b3Mg' +
  'ZnJvbSAyMDI0L3N1bnNldC5wbmdQSwECFAMUAAAACAAAYKFc6ixuWFsAAABpAAAATAAAAAAAAAAAAAAApAGyAAAAVGFrZW91dC9H' +
  'b29nbGUgUGhvdG9zL1Bob3RvcyBmcm9tIDIwMjQvc3Vuc2V0LnBuZy5zdXBwbGVtZW50YWwtbWV0YWRhdGEuanNvblBLBQYAAAAA' +
  'AgACANkAAAB3AQAAAAA=';

export const sampleTime = '2026-05-01T12:00:00.000Z';

const mediaUrl = (variant: string, expiry: string, signature: string): string =>
  `http://localhost:8080/media/${sample.userId}/${sample.photoId}/${variant}?exp=${expiry}&sig=${signature}`;

export const sampleMediaUrl = mediaUrl('original', sample.originalExpiry, sample.originalSignature);

/** `samplePicture`, processed. */
export const sampleUploadedPhoto: Photo = {
  id: sample.photoId,
  userId: sample.userId,
  storageKey: storageKeys.original(sample.userId, sample.photoId),
  ...samplePicture,
  capturedAt: '2024-02-29T12:14:15.250Z',
  capturedAtSource: 'exifOriginal',
  capturedAtOffset: 60,
  uploadedAt: sampleTime,
  updatedAt: sampleTime,
  width: 320,
  height: 480,
  locationLat: -33.858333,
  locationLon: 151.21,
  place: { city: 'Sydney', region: 'New South Wales', country: 'Australia', countryCode: 'AU' },
  cameraMake: 'LazyPhotos',
  cameraModel: 'Sample One',
  orientation: 6,
  tags: [],
  favorite: false,
  archived: false,
  kind: 'photo',
  isDeleted: false,
  processing: 'ready',
  placeholder: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  version: 2,
  thumbnails: {
    thumb: mediaUrl('thumb', '1777650000', 'q2Yw8eRtZuIoPaSdFgHjKlMnBvCxXyLkJhGfDsAqWeE'),
    medium: mediaUrl('medium', '1777650000', 'n7BvCxYaSdFgHjKlQwErTzUiOpMnBvCxLkJhGfDsAqU'),
  },
};

/** What the owner says of the photo. */
const edits = { tags: ['Holidays'], description: 'The harbour at night', favorite: true, rating: 5 };

/** The same after its owner has edited it. */
export const samplePhoto: Photo = { ...sampleUploadedPhoto, ...edits, version: 3 };

export const sampleAlbum: Album = {
  id: sample.albumId,
  userId: sample.userId,
  name: 'By the sea',
  description: 'Two weeks in May',
  order: 'manual',
  coverPhotoId: sample.photoId,
  itemCount: 1,
  createdAt: sampleTime,
  updatedAt: sampleTime,
  isDeleted: false,
  version: 2,
};

/** The same with its picture, as the calls of albums show it; the feed does not. */
export const sampleAlbumWithCover: Album = {
  ...sampleAlbum,
  cover: {
    photoId: sample.photoId,
    thumb: samplePhoto.thumbnails.thumb,
    placeholder: samplePhoto.placeholder,
  },
};
