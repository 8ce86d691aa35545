import { type CopiesApi, storageKeys } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import type { ShareMedia } from '@lazyphotos/service-kit';
import { orNotFound } from '../media/serve.js';

export type FindSharedObject = (media: ShareMedia) => Promise<string>;

/**
 * Finds the key of the object that holds what a link may show of a photo. An original is served as a copy that does not name its owner,
 * and holds no location unless the link shows it. The media worker makes the copy on the first request; if the original holds nothing
 * of that, its own key is used. Previews hold no metadata at all.
 * @throws ProblemError `not_found`, `copy_unsupported` (no such copy can be made of this format), `service_unavailable`
 */
export const createFindSharedObject =
  (store: ObjectStore, copies: CopiesApi): FindSharedObject =>
  async ({ userId, photoId, variant, stripLocation }) => {
    if (variant !== 'original') return storageKeys.derived(userId, photoId, variant);
    const storageKey = storageKeys.original(userId, photoId);
    const { contentType: mimeType } = await orNotFound(store.head(storageKey));
    const { key } = await copies.makeCopy({
      kind: stripLocation ? 'without-location' : 'without-owner',
      userId,
      photoId,
      storageKey,
      mimeType,
    });
    return key;
  };
