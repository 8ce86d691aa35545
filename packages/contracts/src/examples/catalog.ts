import type { EndpointExamples } from './example.js';
import {
  sample,
  sampleAlbum,
  sampleAlbumWithCover,
  sampleMediaUrl,
  samplePhoto,
  samplePicture,
  sampleSharePassword,
  sampleTime,
  sampleUploadedPhoto,
} from './sample.js';

export const photoExamples: EndpointExamples = {
  getPhoto: { params: { id: sample.photoId }, response: sampleUploadedPhoto },
  editPhoto: {
    params: { id: sample.photoId },
    body: {
      addTags: ['Holidays'],
      description: 'The harbour at night',
      favorite: true,
      rating: 4,
      updatedAt: sampleTime,
    },
    response: { ...samplePhoto, rating: 4 },
  },
  editPhotos: {
    body: { updates: [{ id: sample.photoId, rating: 5, updatedAt: '2026-05-01T12:05:00.000Z' }] },
    response: { results: [{ id: sample.photoId, status: 'ok', photo: samplePhoto }] },
  },
  listPhotos: {
    query: { limit: 100, from: '2024-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z' },
    response: { photos: [samplePhoto], cursor: 'eyJ0IjoxNzA5MjA4ODU1fQ', hasMore: false, feedCursor: 'MTI' },
  },
  photoTimeline: {
    query: { zone: 'Europe/Berlin', archived: false },
    response: { months: [{ month: '2024-02', count: 1 }] },
  },
  listTags: {
    query: { limit: 100 },
    response: { tags: [{ name: 'Holidays', count: 1 }], cursor: 'WyJob2xpZGF5cyJd', hasMore: false },
  },
  search: {
    query: { q: 'harb', near: '-33.8568,151.2153', radiusKm: 5, favorite: true, limit: 50 },
    response: { photos: [samplePhoto], cursor: 'WyIwLjYiLDE3MDkyMDg4NTVd', hasMore: false },
  },
  downloadPhoto: {
    params: { id: sample.photoId },
    query: { size: 'original' },
    response: { url: sampleMediaUrl, expiresAt: '2026-05-01T16:00:00.000Z' },
  },
  deletePhoto: { params: { id: sample.photoId } },
  restorePhoto: { params: { id: sample.photoId }, response: { ...samplePhoto, version: 6 } },
};

const trash = {
  count: 1,
  bytes: samplePicture.sizeBytes,
  retentionDays: 30,
  defaultDays: 30,
  emptying: false,
};
const done = { results: [{ id: sample.photoId, status: 'ok' as const }] };

export const trashExamples: EndpointExamples = {
  deletePhotos: { body: { ids: [sample.photoId] }, response: done },
  getTrash: { response: trash },
  setTrashRetention: { body: { days: 90 }, response: { ...trash, retentionDays: 90 } },
  restorePhotos: { body: { ids: [sample.photoId] }, response: done },
  emptyTrash: { response: { ...trash, count: 0, bytes: 0, retentionDays: 90 }, last: true },
};

export const albumExamples: EndpointExamples = {
  createAlbum: {
    headers: { 'Idempotency-Key': 'an-album-1' },
    body: {
      name: 'By the sea',
      description: 'Two weeks in May',
      coverPhotoId: sample.photoId,
      order: 'manual',
    },
    response: { ...sampleAlbumWithCover, itemCount: 0, version: 1 },
  },
  addAlbumItems: { params: { id: sample.albumId }, body: { photoIds: [sample.photoId] } },
  listAlbums: {
    query: { limit: 100 },
    response: { albums: [sampleAlbumWithCover], cursor: 'eyJpZCI6IjAxOTY4Y2ExIn0', hasMore: false },
  },
  getAlbum: { params: { id: sample.albumId }, response: sampleAlbumWithCover },
  updateAlbum: {
    params: { id: sample.albumId },
    body: { name: 'By the sea, 2026' },
    response: { ...sampleAlbumWithCover, name: 'By the sea, 2026', version: 3 },
  },
  listAlbumItems: {
    params: { id: sample.albumId },
    query: { limit: 100 },
    response: { items: [samplePhoto], cursor: 'eyJ0IjoxNzA5MjA4ODU1fQ', hasMore: false },
  },
  moveAlbumItem: { params: { id: sample.albumId, photoId: sample.photoId }, body: { after: null } },
  removeAlbumItem: { params: { id: sample.albumId, photoId: sample.photoId }, last: true },
  deleteAlbum: { params: { id: sample.albumId }, last: true },
};

const shareLink = {
  id: sample.shareLinkId,
  albumId: sample.albumId,
  title: 'Our days by the sea',
  expiresAt: '2099-06-01T00:00:00.000Z',
  hasPassword: true,
  allowDownload: true,
  showLocation: false,
  viewCount: 0,
  createdAt: sampleTime,
  updatedAt: sampleTime,
};

const media = (handle: string): string => `http://localhost:8080/s/${sample.shareToken}/media/${handle}`;
const thumbnails = {
  thumb: media('dGh1bWJfb2ZfYV9zaGFyZWRfcGhvdG8'),
  medium: media('bWVkaXVtX29mX2Ffc2hhcmVkX3Bob3Rv'),
};

/** `samplePhoto`, as visitors of a link without locations see it. */
const sharedPhoto = {
  id: sample.photoId,
  fileName: samplePhoto.fileName,
  mimeType: samplePhoto.mimeType,
  sizeBytes: samplePhoto.sizeBytes,
  width: samplePhoto.width,
  height: samplePhoto.height,
  capturedAt: samplePhoto.capturedAt,
  capturedAtOffset: samplePhoto.capturedAtOffset,
  description: samplePhoto.description,
  kind: samplePhoto.kind,
  placeholder: samplePhoto.placeholder,
  thumbnails,
  originalUrl: media(sample.shareMediaHandle),
};

export const shareExamples: EndpointExamples = {
  createShareLink: {
    headers: { 'Idempotency-Key': 'a-link-1' },
    body: {
      albumId: sample.albumId,
      title: 'By the sea',
      password: sampleSharePassword,
      expiresAt: '2099-06-01T00:00:00.000Z',
    },
    response: {
      ...shareLink,
      title: 'By the sea',
      token: sample.shareToken,
      url: `http://localhost:8080/s/${sample.shareToken}`,
    },
  },
  updateShareLink: {
    params: { id: sample.shareLinkId },
    body: { title: 'Our days by the sea' },
    response: shareLink,
  },
  unlockShare: {
    params: { token: sample.shareToken },
    body: { password: sampleSharePassword },
    response: { token: sample.shareUnlockToken, expiresAt: '2026-05-02T00:00:00.000Z' },
  },
  getShareContent: {
    params: { token: sample.shareToken },
    query: { limit: 100 },
    headers: { 'X-Share-Token': sample.shareUnlockToken },
    response: {
      photos: [sharedPhoto],
      cursor: 'WzE3MDkyMDg4NTVd',
      hasMore: false,
      link: {
        kind: 'album',
        title: 'Our days by the sea',
        albumName: 'By the sea',
        albumDescription: 'Two weeks in May',
        ownerName: 'Ann',
        hasPassword: true,
        allowDownload: true,
        showLocation: false,
        expiresAt: '2099-06-01T00:00:00.000Z',
        photoCount: 1,
        cover: { photoId: sample.photoId, thumbnails },
      },
    },
  },
  getShareLink: {
    params: { id: sample.shareLinkId },
    response: { ...shareLink, viewCount: 1, lastViewedAt: sampleTime },
  },
  listShareLinks: {
    query: { limit: 100 },
    response: {
      shareLinks: [{ ...shareLink, viewCount: 1, lastViewedAt: sampleTime }],
      cursor: 'eyJpZCI6IjAxOTY4Y2EyIn0',
      hasMore: false,
    },
  },
  deleteShareLink: {
    before: [
      {
        operation: 'createShareLink',
        example: { body: { photoId: sample.photoId }, response: { id: sample.otherShareLinkId } },
      },
    ],
    params: { id: sample.otherShareLinkId },
  },
};

export const feedExamples: EndpointExamples = {
  getFeed: {
    query: { limit: 100 },
    response: {
      items: [
        { type: 'photo', data: samplePhoto, updatedAt: sampleTime },
        { type: 'album', data: { ...sampleAlbum, photoIds: [sample.photoId] }, updatedAt: sampleTime },
      ],
      cursor: 'MTQ',
      hasMore: false,
    },
  },
};
