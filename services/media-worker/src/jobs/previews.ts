import { createHash } from 'node:crypto';
import { previewVariants, storageKeys } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import type { Preview } from '../pipeline/index.js';

/** The derived objects of a photo. */
export function createPreviews(store: ObjectStore) {
  return {
    save: async (userId: string, photoId: string, previews: readonly Preview[]): Promise<void> => {
      for (const { variant, data, contentType } of previews) {
        const sha256 = createHash('sha256').update(data).digest('hex');
        await store.put(storageKeys.derived(userId, photoId, variant), data, {
          contentType,
          metadata: { sha256 },
        });
      }
    },
    remove: async (userId: string, photoId: string): Promise<void> => {
      for (const variant of previewVariants)
        await store.delete(storageKeys.derived(userId, photoId, variant));
    },
  };
}
export type Previews = ReturnType<typeof createPreviews>;
