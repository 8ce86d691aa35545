import {
  type CapturedAtSource,
  type CatalogApi,
  internalEndpoints,
  type KnownPhotoState,
  type PhotoDate,
} from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from './context.js';
import { describeImported } from './imports/describe.js';
import { restorePhotos } from './trash/transitions.js';
import { recordUpload } from './uploads/record.js';
import { lifeStateOf, ownPhoto, ownPhotosById } from './visibility.js';

async function photoState({ db }: CatalogContext, userId: string, id: string): Promise<KnownPhotoState> {
  const photo = await db.photo.findFirst({ where: ownPhoto(userId, id) });
  if (photo) return lifeStateOf(photo);
  const purged = await db.purgedPhoto.count({ where: { id, userId } });
  return purged > 0 ? 'deleted' : 'unknown';
}

/** Reads when photos of this user were taken, also of those in the trash. Ids that are not this user's are left out. */
async function photoDates(
  { db }: CatalogContext,
  userId: string,
  photoIds: readonly string[],
): Promise<PhotoDate[]> {
  const rows = await db.photo.findMany({
    where: ownPhotosById(userId, photoIds),
    select: { id: true, capturedAt: true, capturedAtSource: true, processing: true },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ id, capturedAt, capturedAtSource, processing }) => ({
    photoId: id,
    capturedAt: capturedAt?.toISOString(),
    capturedAtSource: (capturedAtSource as CapturedAtSource | null) ?? undefined,
    processing: processing as PhotoDate['processing'],
  }));
}

/** What the upload service calls, in the same process or over HTTP. */
export const createCatalogApi = (context: CatalogContext): CatalogApi => ({
  recordUpload: (upload) => recordUpload(context, upload),
  photoState: (userId, photoId) => photoState(context, userId, photoId),
  restorePhoto: async (userId, photoId) => {
    await restorePhotos(context, userId, [photoId]);
    return photoState(context, userId, photoId);
  },
  describeImported: (request) => describeImported(context, request),
  photoDates: (userId, photoIds) => photoDates(context, userId, photoIds),
});

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
