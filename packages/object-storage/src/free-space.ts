import type { FreeSpace, ObjectStore } from './port.js';

export function hasFreeSpace(store: ObjectStore): store is ObjectStore & FreeSpace {
  return 'freeBytes' in store && typeof store.freeBytes === 'function';
}
