import type { EndpointExamples } from './example.js';
import { sample, samplePicture } from './sample.js';

const expiresAt = '2026-05-08T12:00:00.000Z';
const chunkSize = 8_388_608;

const opened = (uploadSessionId: string) => ({
  uploadSessionId,
  uploadUrl: `http://localhost:8080/upload-sessions/${uploadSessionId}/chunks`,
  chunkSize,
  alreadyExists: false,
  nextOffset: 0,
  expiresAt,
});

export const uploadExamples: EndpointExamples = {
  createUploadSession: {
    body: { ...samplePicture, capturedAt: '2024-02-29T13:14:15+01:00' },
    response: opened(sample.uploadSessionId),
  },
  putChunk: {
    params: { id: sample.uploadSessionId },
    query: { offset: 0 },
  },
  getUploadSession: {
    params: { id: sample.uploadSessionId },
    response: {
      status: 'open',
      sizeBytes: samplePicture.sizeBytes,
      chunkSize,
      nextOffset: samplePicture.sizeBytes,
      received: [{ offset: 0, length: samplePicture.sizeBytes }],
      expiresAt,
    },
  },
  completeUpload: {
    params: { id: sample.uploadSessionId },
    response: { photoId: sample.photoId },
  },
  abortUpload: {
    before: [
      {
        operation: 'createUploadSession',
        example: {
          body: { ...samplePicture, hash: 'ab'.repeat(32) },
          response: opened(sample.otherUploadSessionId),
        },
      },
    ],
    params: { id: sample.otherUploadSessionId },
  },
};
