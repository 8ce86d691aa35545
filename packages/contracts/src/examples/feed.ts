import type { EndpointExamples } from './example.js';
import { sample, sampleAlbum, samplePhoto, sampleTime } from './sample.js';

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
