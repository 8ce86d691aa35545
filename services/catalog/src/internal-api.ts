import { type CatalogApi, internalEndpoints, type KnownPhotoState } from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import { readPhotoDates } from './imports/dates.js';
import type { CatalogDb } from './prisma.js';
import type { Transitions } from './trash/transitions.js';
import { lifeStateOf, ownPhoto } from './visibility.js';

export interface InternalApiDeps {
  db: CatalogDb;
  transitions: Transitions;
  recordUpload: CatalogApi['recordUpload'];
  describeImported: CatalogApi['describeImported'];
}

/** What the upload service asks of the catalog, in the same process or over HTTP. */
export function createCatalogApi(deps: InternalApiDeps): CatalogApi {
  const { db, transitions, recordUpload, describeImported } = deps;
  const photoState = async (userId: string, id: string): Promise<KnownPhotoState> => {
    const photo = await db.photo.findFirst({ where: ownPhoto(userId, id) });
    if (photo) return lifeStateOf(photo);
    const purged = await db.purgedPhoto.count({ where: { id, userId } });
    return purged > 0 ? 'deleted' : 'unknown';
  };
  return {
    recordUpload,
    photoState,
    restorePhoto: async (userId, photoId) => {
      await transitions.restore(userId, [photoId]);
      return photoState(userId, photoId);
    },
    describeImported,
    photoDates: (userId, photoIds) => readPhotoDates(db, userId, photoIds),
  };
}

export function mountInternalRoutes({ mount }: ServiceApp, api: CatalogApi): void {
  mount(internalEndpoints.recordUpload, async ({ body }) => {
    await api.recordUpload(body);
    return undefined;
  });
  mount(internalEndpoints.photoState, async ({ params }) => ({
    state: await api.photoState(params.userId, params.photoId),
  }));
  mount(internalEndpoints.restoreFromTrash, async ({ params }) => ({
    state: await api.restorePhoto(params.userId, params.photoId),
  }));
  mount(internalEndpoints.describeImported, ({ body }) => api.describeImported(body));
  mount(internalEndpoints.photoDates, async ({ body }) => ({
    photos: await api.photoDates(body.userId, body.photoIds),
  }));
}
