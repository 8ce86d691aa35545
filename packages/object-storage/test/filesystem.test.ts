import { createFilesystemStore } from '../src/index.js';
import { describeObjectStore } from '../src/testing/index.js';
import { newRoot } from './helpers.js';

describeObjectStore('the filesystem store', {
  create: async () => createFilesystemStore({ root: await newRoot() }),
  partSize: 70_000,
  propertyRuns: 40,
});
