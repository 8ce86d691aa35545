import { albumExamples } from './albums.js';
import { authExamples } from './auth.js';
import type { OperationExample } from './example.js';
import { feedExamples } from './feed.js';
import { gatewayExamples } from './gateway.js';
import { importExamples } from './imports.js';
import { photoExamples } from './photos.js';
import { shareExamples } from './shares.js';
import { trashExamples } from './trash.js';
import { uploadExamples } from './uploads.js';

export type { OperationExample } from './example.js';
export { sample, sampleArchiveBytes, samplePicture } from './sample.js';

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
