import type { EndpointExamples } from './example.js';
import { sample, samplePicture } from './sample.js';

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
