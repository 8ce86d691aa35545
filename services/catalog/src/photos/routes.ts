import { type CopiesApi, endpoints, type MediaVariant, type Photo } from '@lazyphotos/contracts';
import { type MediaUrls, notFound, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogDb, PhotoRow } from '../prisma.js';
import type { Transitions } from '../trash/transitions.js';
import { ownPhoto } from '../visibility.js';
import { createDownload } from './download.js';
import type { createListPhotos } from './list.js';
import { readTags } from './tags.js';
import { readTimeline } from './timeline.js';
import type { ViewPhotos } from './view.js';

export interface PhotoRoutesDeps {
  db: CatalogDb;
  transitions: Transitions;
  mediaUrls: MediaUrls;
  copies: CopiesApi;
  listPhotos: ReturnType<typeof createListPhotos>;
  viewPhotos: ViewPhotos;
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
  const { db, transitions, mediaUrls, copies, listPhotos, viewPhotos } = deps;
  const download = createDownload({ mediaUrls, copies });
  const findOrThrow = async (userId: string, id: string): Promise<PhotoRow> => {
    const row = await db.photo.findFirst({ where: ownPhoto(userId, id) });
    if (!row) throw notFound('photo');
    return row;
  };
  const view = async (row: PhotoRow): Promise<Photo> => {
    const [photo] = await viewPhotos(row.userId, [row]);
    if (!photo) throw notFound('photo');
    return photo;
  };

  mount(endpoints.listPhotos, ({ principal, query }) => listPhotos(principal.userId, query));
  // Before the route of one photo, whose path fits, too.
  mount(endpoints.photoTimeline, ({ principal, query }) => readTimeline(db, principal.userId, query));
  mount(endpoints.listTags, ({ principal, query }) => readTags(db, principal.userId, query));

  mount(endpoints.getPhoto, async ({ principal, params }) =>
    view(await findOrThrow(principal.userId, params.id)),
  );

  mount(endpoints.downloadPhoto, async ({ principal, params, query }) => {
    const row = await findOrThrow(principal.userId, params.id);
    requireReady(row, query.size);
    const { url, expiresAt } = await download(row, query);
    return { url, expiresAt: expiresAt.toISOString() };
  });

  mount(endpoints.deletePhoto, async ({ principal: { userId }, params: { id }, query }) => {
    const known = query.permanent
      ? await transitions.purge(userId, [id], 'deleted')
      : await transitions.trash(userId, [id]);
    if (!known.has(id)) throw notFound('photo');
    return undefined;
  });

  mount(endpoints.restorePhoto, async ({ principal, params }) => {
    await transitions.restore(principal.userId, [params.id]);
    return view(await findOrThrow(principal.userId, params.id));
  });
}
