import { createFilesystemStore } from '../src/index.js';
import { describeObjectStore } from './conformance/index.js';
import { newRoot } from './helpers.js';

describeObjectStore('the filesystem store', {
  create: async () => createFilesystemStore({ root: await newRoot(), exclusive: true }),
  partSize: 70_000,
  propertyRuns: 40,
});
