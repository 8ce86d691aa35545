import { endpoints, type MediaVariant, photoView } from '@lazyphotos/contracts';
import { type MediaUrls, notFound, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogDb, PhotoRow } from '../prisma.js';
import type { Transitions } from '../trash/transitions.js';
import { ownPhoto } from '../visibility.js';
import type { createListPhotos } from './list.js';
import { photoRecordOf } from './record.js';

export interface PhotoRoutesDeps {
  db: CatalogDb;
  transitions: Transitions;
  mediaUrls: MediaUrls;
  listPhotos: ReturnType<typeof createListPhotos>;
}

function requireReady(photo: PhotoRow, size: MediaVariant): void {
  if (size === 'original' || photo.processing === 'ready') return;
  const detail =
    photo.processing === 'failed'
      ? `There is no preview of this photo: ${photo.failureReason ?? 'it could not be processed'}.`
      : 'The preview is being made.';
  throw new ProblemError('not_ready', detail, { members: { processing: photo.processing } });
}

export function mountPhotoRoutes({ mount }: ServiceApp, deps: PhotoRoutesDeps): void {
  const { db, transitions, mediaUrls, listPhotos } = deps;
  const findOrThrow = async (userId: string, id: string): Promise<PhotoRow> => {
    const row = await db.photo.findFirst({ where: ownPhoto(userId, id) });
    if (!row) throw notFound('photo');
    return row;
  };
  const view = (row: PhotoRow) => photoView(photoRecordOf(row), mediaUrls.urlFor);

  mount(endpoints.listPhotos, ({ principal, query }) => listPhotos(principal.userId, query));

  mount(endpoints.getPhoto, async ({ principal, params }) =>
    view(await findOrThrow(principal.userId, params.id)),
  );

  mount(endpoints.downloadPhoto, async ({ principal, params, query }) => {
    const row = await findOrThrow(principal.userId, params.id);
    requireReady(row, query.size);
    const { url, expiresAt } = mediaUrls.sign(row.userId, row.id, query.size);
    return { url, expiresAt: expiresAt.toISOString() };
  });

  mount(endpoints.deletePhoto, async ({ principal, params, query }) => {
    await findOrThrow(principal.userId, params.id);
    if (query.permanent) await transitions.purge(principal.userId, [params.id]);
    else await transitions.trash(principal.userId, [params.id]);
    return undefined;
  });

  mount(endpoints.restorePhoto, async ({ principal, params }) => {
    await transitions.restore(principal.userId, [params.id]);
    return view(await findOrThrow(principal.userId, params.id));
  });
}
