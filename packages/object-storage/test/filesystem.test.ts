import { createFilesystemStore } from '../src/index.js';
import { describeObjectStore } from './conformance/index.js';
import { newRoot } from './helpers.js';

let root: string;

describeObjectStore('the filesystem store', {
  create: async () => {
    root = await newRoot();
    return createFilesystemStore({ root, exclusive: true });
  },
  again: () => createFilesystemStore({ root }),
  partSize: 70_000,
  propertyRuns: 40,
});
