import type { ObjectStore, PresignedUrls } from './port.js';

export function hasPresignedUrls(store: ObjectStore): store is ObjectStore & PresignedUrls {
  return 'presignedGet' in store && typeof store.presignedGet === 'function';
}
