import type { EndpointExamples } from './example.js';
import { sample, samplePhoto, sampleSharePassword, sampleTime } from './sample.js';

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
