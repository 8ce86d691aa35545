import { type CatalogApi, internalEndpoints } from '@lazyphotos/contracts';
import { callPeer } from '@lazyphotos/service-kit';

/** The catalog of another process, over HTTP. */
export const createCatalogClient = (baseUrl: string): CatalogApi => ({
  recordUpload: async (body) => {
    await callPeer(baseUrl, internalEndpoints.recordUpload, { body });
  },
  photoState: async (userId, photoId) =>
    (await callPeer(baseUrl, internalEndpoints.photoState, { params: { userId, photoId } })).state,
  restorePhoto: async (userId, photoId) =>
    (await callPeer(baseUrl, internalEndpoints.restoreFromTrash, { params: { userId, photoId } })).state,
});
