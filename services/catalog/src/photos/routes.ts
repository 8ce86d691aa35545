import { endpoints, type MediaVariant } from '@lazyphotos/contracts';
import { notFound, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import type { CatalogDb, PhotoRow } from '../prisma.js';
import { purgePhotos, restorePhotos, trashPhotos } from '../trash/transitions.js';
import { ownPhoto } from '../visibility.js';
import { signDownload } from './download.js';
import { listPhotos } from './list.js';
import { readTags } from './tags.js';
import { readTimeline } from './timeline.js';
import { viewPhoto } from './view.js';

function requireReady(photo: PhotoRow, size: MediaVariant): void {
  if (size === 'original' || photo.processing === 'ready') return;
  const detail =
    photo.processing === 'failed'
      ? `There is no preview of this photo: ${photo.failureReason ?? 'it could not be processed'}.`
      : 'The preview is being made.';
  throw new ProblemError('not_ready', detail, { members: { processing: photo.processing } });
}

const findPhoto = (db: CatalogDb, userId: string, id: string) =>
  db.photo.findFirst({ where: ownPhoto(userId, id) });

export function mountPhotoRoutes({ mount }: ServiceApp, context: CatalogContext): void {
  const { db } = context;

  mount(endpoints.listPhotos, ({ principal, query }) => listPhotos(context, principal.userId, query));
  // Before the route of one photo, which also matches this path.
  mount(endpoints.photoTimeline, ({ principal, query }) => readTimeline(db, principal.userId, query));
  mount(endpoints.listTags, ({ principal, query }) => readTags(db, principal.userId, query));

  mount(endpoints.getPhoto, async ({ principal, params }) =>
    viewPhoto(context, await findPhoto(db, principal.userId, params.id)),
  );

  mount(endpoints.downloadPhoto, async ({ principal, params, query }) => {
    const row = await findPhoto(db, principal.userId, params.id);
    if (!row) throw notFound('photo');
    requireReady(row, query.size);
    const { url, expiresAt } = await signDownload(context, row, query);
    return { url, expiresAt: expiresAt.toISOString() };
  });

  mount(endpoints.deletePhoto, async ({ principal: { userId }, params: { id }, query }) => {
    const known = query.permanent
      ? await purgePhotos(context, userId, [id], 'deleted')
      : await trashPhotos(context, userId, [id]);
    if (!known.has(id)) throw notFound('photo');
    return undefined;
  });

  mount(endpoints.restorePhoto, async ({ principal: { userId }, params: { id } }) => {
    await restorePhotos(context, userId, [id]);
    return viewPhoto(context, await findPhoto(db, userId, id));
  });
}
