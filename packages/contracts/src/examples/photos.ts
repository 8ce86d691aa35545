import type { EndpointExamples } from './example.js';
import { sample, sampleMediaUrl, samplePhoto } from './sample.js';

export const photoExamples: EndpointExamples = {
  getPhoto: { params: { id: sample.photoId }, response: samplePhoto },
  listPhotos: {
    query: { limit: 100, from: '2024-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z' },
    response: { photos: [samplePhoto], cursor: 'eyJ0IjoxNzA5MjA4ODU1fQ', hasMore: false, feedCursor: 'MTI' },
  },
  downloadPhoto: {
    params: { id: sample.photoId },
    query: { size: 'original' },
    response: { url: sampleMediaUrl, expiresAt: '2026-05-01T16:00:00.000Z' },
  },
  deletePhoto: { params: { id: sample.photoId } },
  restorePhoto: { params: { id: sample.photoId }, response: { ...samplePhoto, version: 4 } },
};
