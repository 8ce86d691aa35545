export * from './fake-node.js';
export { addAccount, addPhoto, type FakePhoto, type FakeState, type FakeUpload } from './fake-state.js';
export type { Fault, FaultEffect } from './faults.js';
