import { type CatalogApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Peers } from '@lazyphotos/service-kit';

/** The catalog of another process, over HTTP. */
export const createCatalogClient = (peers: Peers, baseUrl: string): CatalogApi => ({
  recordUpload: async (body) => {
    await peers.call(baseUrl, internalEndpoints.recordUpload, { body });
  },
  photoState: async (userId, photoId) =>
    (await peers.call(baseUrl, internalEndpoints.photoState, { params: { userId, photoId } })).state,
  restorePhoto: async (userId, photoId) =>
    (await peers.call(baseUrl, internalEndpoints.restoreFromTrash, { params: { userId, photoId } })).state,
  describeImported: (body) =>
    peers.call(baseUrl, internalEndpoints.describeImported, { body, timeoutMs: 60_000 }),
  photoDates: async (userId, photoIds) =>
    (await peers.call(baseUrl, internalEndpoints.photoDates, { body: { userId, photoIds: [...photoIds] } }))
      .photos,
});
