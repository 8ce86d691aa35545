import { authExamples } from './auth.js';
import { albumExamples, feedExamples, photoExamples, shareExamples, trashExamples } from './catalog.js';
import type { OperationExample } from './example.js';
import { sample, sampleSharePassword } from './sample.js';
import { importExamples, uploadExamples } from './upload.js';

export type { OperationExample } from './example.js';
export { sample, sampleArchiveBytes, samplePicture } from './sample.js';

/** Examples of the routes that the gateway itself serves (src/openapi/gateway.ts). */
const gatewayExamples: Readonly<Record<string, OperationExample>> = {
  getNode: {
    response: {
      name: 'LazyPhotos',
      version: '0.1.0',
      claimed: true,
      docs: '/docs',
      openapi: '/openapi.json',
      health: '/health',
      readiness: '/health/ready',
    },
  },
  getHealth: { response: { status: 'ok', service: 'gateway', version: '0.1.0' } },
  getReadiness: {
    response: {
      status: 'ready',
      checks: {
        database: 'ok',
        store: 'ok',
        auth: 'ok',
        upload: 'ok',
        catalog: 'ok',
        feed: 'ok',
        'media-worker': 'ok',
      },
    },
  },
  getSharePage: { params: { token: sample.shareToken } },
  unlockSharePage: { params: { token: sample.shareToken }, form: { password: sampleSharePassword } },
  getShareMedia: {
    params: { token: sample.shareToken, handle: sample.shareMediaHandle },
    headers: { 'X-Share-Token': sample.shareUnlockToken },
  },
  getShareArchive: {
    params: { token: sample.shareToken },
    headers: { 'X-Share-Token': sample.shareUnlockToken },
  },
  getDocs: {},
  getOpenApi: {},
  getApiDescription: {},
  getMedia: {
    params: { userId: sample.userId, photoId: sample.photoId, variant: 'original' },
    query: { exp: sample.originalExpiry, sig: sample.originalSignature },
  },
};

/** The example of every operation, by its id, in the order in which they can be tried on a new node. */
export const examples: Readonly<Record<string, OperationExample>> = {
  ...authExamples,
  ...uploadExamples,
  ...photoExamples,
  ...trashExamples,
  ...albumExamples,
  ...shareExamples,
  ...feedExamples,
  ...importExamples,
  ...gatewayExamples,
};
