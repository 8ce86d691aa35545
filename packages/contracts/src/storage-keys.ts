import type { CopyRequest } from './internal.js';

/** The first segment of every key in the object store. A service's rights in the store are given by folder. */
export type StorageFolder = 'originals' | 'archives' | 'derived';

/** The keys of what the services keep in the object store. */
export const storageKeys = {
  original: (userId: string, photoId: string): string => `originals/${userId}/${photoId}`,
  archive: (userId: string, archiveId: string): string => `archives/${userId}/${archiveId}`,
  /** `name`: the variant of a preview, or what the copy differs in. */
  derived: (userId: string, photoId: string, name: string): string => `derived/${userId}/${photoId}/${name}`,
  copy(request: CopyRequest): string {
    const name = request.kind === 'embedded' ? `embedded-${request.version}` : request.kind;
    return storageKeys.derived(request.userId, request.photoId, name);
  },
};
