import { type CatalogApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Peers } from '@lazyphotos/service-kit';

/** The catalog of another process, over HTTP. */
export const createCatalogClient = ({ call }: Peers, baseUrl: string): CatalogApi => ({
  recordUpload: async (body) => {
    await call(baseUrl, internalEndpoints.recordUpload, { body });
  },
  photoState: async (userId, photoId) =>
    (await call(baseUrl, internalEndpoints.photoState, { params: { userId, photoId } })).state,
  restorePhoto: async (userId, photoId) =>
    (await call(baseUrl, internalEndpoints.restoreFromTrash, { params: { userId, photoId } })).state,
  describeImported: (body) => call(baseUrl, internalEndpoints.describeImported, { body, timeoutMs: 60_000 }),
  photoDates: async (userId, photoIds) =>
    (await call(baseUrl, internalEndpoints.photoDates, { body: { userId, photoIds: [...photoIds] } })).photos,
});
