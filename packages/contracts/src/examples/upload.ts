import type { EndpointExamples } from './example.js';
import { sample, sampleArchive, sampleArchiveBytes, samplePicture, sampleTime } from './sample.js';

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

const job = {
  id: sample.importId,
  source: 'takeout' as const,
  status: 'completed' as const,
  total: 2,
  processed: 2,
  waiting: 0,
  imported: 1,
  duplicates: 0,
  failed: 0,
  unsupported: 0,
  sidecars: 1,
  ignored: 0,
  bytesTotal: 219,
  bytesProcessed: 219,
  bytesPerSecond: 24_000_000.5,
  secondsLeft: 0,
  errors: [],
  parts: [{ name: sampleArchive.fileName, sizeBytes: sampleArchive.sizeBytes, state: 'listed' as const }],
  createdAt: sampleTime,
  startedAt: sampleTime,
  finishedAt: sampleTime,
};

const folder = 'Takeout/Google Photos/Photos from 2024';
const nothing = {
  code: null,
  message: null,
  photoId: null,
  sidecar: null,
  sidecarRule: null,
  partOf: null,
  albums: [],
  capturedAt: null,
};

const archive = {
  id: sample.archiveId,
  hash: sampleArchive.hash,
  fileName: sampleArchive.fileName,
  sizeBytes: sampleArchive.sizeBytes,
  uploadedAt: sampleTime,
  importIds: [sample.importId],
};

/** An import that has not begun. */
const otherJob = {
  ...job,
  id: sample.otherImportId,
  status: 'pending' as const,
  total: 0,
  processed: 0,
  imported: 0,
  sidecars: 0,
  bytesTotal: 0,
  bytesProcessed: 0,
  bytesPerSecond: null,
  secondsLeft: null,
  parts: [{ name: sampleArchive.fileName, sizeBytes: sampleArchive.sizeBytes, state: 'waiting' as const }],
  startedAt: null,
  finishedAt: null,
};

/** Makes it. */
const otherImport = {
  operation: 'createImport',
  example: {
    body: { source: 'takeout', hash: sampleArchive.hash, paused: true },
    response: { importJobId: sample.otherImportId },
  },
};

export const importExamples: EndpointExamples = {
  createImport: {
    before: [
      {
        operation: 'createUploadSession',
        example: {
          body: sampleArchive,
          response: { uploadSessionId: sample.importUploadSessionId },
        },
      },
      {
        operation: 'putChunk',
        example: {
          params: { id: sample.importUploadSessionId },
          query: { offset: 0 },
          bytes: sampleArchiveBytes,
        },
      },
      {
        operation: 'completeUpload',
        example: { params: { id: sample.importUploadSessionId }, response: { photoId: sample.archiveId } },
      },
    ],
    body: { source: 'takeout', hashes: [sampleArchive.hash] },
    response: { importJobId: sample.importId },
  },
  getImport: { params: { id: sample.importId }, response: job },
  listImports: {
    query: { limit: 50 },
    response: { imports: [job], cursor: 'eyJiZWZvcmUiOiIwMTk2OGNhMyJ9', hasMore: false },
  },
  addImportParts: {
    params: { id: sample.importId },
    body: { hashes: [sampleArchive.hash] },
    response: job,
  },
  getImportReport: {
    params: { id: sample.importId },
    query: { format: 'json' },
    response: {
      import: job,
      entries: [
        {
          ...nothing,
          path: `${folder}/sunset.png`,
          archive: sampleArchive.fileName,
          sizeBytes: 101,
          outcome: 'imported',
          photoId: sample.importedPhotoId,
          sidecar: `${folder}/sunset.png.supplemental-metadata.json`,
          sidecarRule: 'exact',
          capturedAt: '2024-02-29T12:14:15.000Z',
          dateSource: 'sidecar',
        },
        {
          ...nothing,
          path: `${folder}/sunset.png.supplemental-metadata.json`,
          archive: sampleArchive.fileName,
          sizeBytes: 118,
          outcome: 'sidecar',
        },
      ],
    },
  },
  listArchives: {
    response: { archives: [archive], cursor: 'eyJiZWZvcmUiOiIwMTk2OGNhMyJ9', hasMore: false },
  },
  pauseImport: {
    before: [otherImport],
    params: { id: sample.otherImportId },
    response: { ...otherJob, paused: { reason: 'user', message: 'Paused until it is resumed.' } },
  },
  resumeImport: { params: { id: sample.otherImportId }, response: otherJob },
  cancelImport: { params: { id: sample.otherImportId } },
  deleteArchive: { params: { id: sample.archiveId }, last: true },
};
