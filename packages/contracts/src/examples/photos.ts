import type { EndpointExamples } from './example.js';
import { sample, sampleMediaUrl, samplePhoto, sampleTime, sampleUploadedPhoto } from './sample.js';

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
