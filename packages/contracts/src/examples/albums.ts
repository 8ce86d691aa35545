import type { EndpointExamples } from './example.js';
import { sample, sampleAlbumWithCover as sampleAlbum, samplePhoto } from './sample.js';

export const albumExamples: EndpointExamples = {
  createAlbum: {
    headers: { 'Idempotency-Key': 'an-album-1' },
    body: {
      name: 'By the sea',
      description: 'Two weeks in May',
      coverPhotoId: sample.photoId,
      order: 'manual',
    },
    response: { ...sampleAlbum, itemCount: 0, version: 1 },
  },
  addAlbumItems: { params: { id: sample.albumId }, body: { photoIds: [sample.photoId] } },
  listAlbums: {
    query: { limit: 100 },
    response: { albums: [sampleAlbum], cursor: 'eyJpZCI6IjAxOTY4Y2ExIn0', hasMore: false },
  },
  getAlbum: { params: { id: sample.albumId }, response: sampleAlbum },
  updateAlbum: {
    params: { id: sample.albumId },
    body: { name: 'By the sea, 2026' },
    response: { ...sampleAlbum, name: 'By the sea, 2026', version: 3 },
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
