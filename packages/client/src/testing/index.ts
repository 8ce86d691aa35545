export * from './fake-node.js';
export {
  addAccount,
  addArchive,
  addPhoto,
  type FakeImport,
  type FakePhoto,
  type FakeState,
  type FakeUpload,
} from './fake-state.js';
export type { Fault, FaultEffect } from './faults.js';
export { addImport } from './import-handlers.js';
