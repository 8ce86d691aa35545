import { type Album, type BodyOf, endpoints } from '@lazyphotos/contracts';
import { keyedRequest, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { newestFirst } from '../newest-first.js';
import { readItemPage } from '../photos/list.js';
import { viewPhotos } from '../photos/view.js';
import type { CatalogDb } from '../prisma.js';
import { createAlbum, deleteAlbum, updateAlbum } from './albums.js';
import { addItems, moveItem, removeItem } from './items.js';
import { albumOf, requireAlbum, withCovers } from './record.js';

async function readAlbumPage(db: CatalogDb, userId: string, limit: number, cursor: string | undefined) {
  const { query, pageOf } = newestFirst(userId, limit, cursor);
  const { rows, ...page } = pageOf(await db.album.findMany(query));
  return { albums: rows.map(albumOf), ...page };
}

/** Names the photos for which a request to add photos is refused. */
function unknownPhotos(
  { photoIds }: BodyOf<typeof endpoints.addAlbumItems>,
  unknown: readonly string[],
): ProblemError {
  const errors = unknown.map((id) => ({
    path: photoIds ? `body.photoIds.${photoIds.indexOf(id)}` : 'body.photoId',
    message: `There is no photo ${id}.`,
  }));
  return new ProblemError('not_found', 'There is no such photo.', { members: { errors } });
}

export function mountAlbumRoutes({ mount }: ServiceApp, context: CatalogContext): void {
  const { db } = context;
  const withCover = async (album: Album): Promise<Album> => (await withCovers(context, [album]))[0] ?? album;

  mount(endpoints.createAlbum, async (call) => {
    const request = keyedRequest(endpoints.createAlbum, call);
    return withCover(await createAlbum(context, call.principal.userId, call.body, request));
  });
  mount(endpoints.listAlbums, async ({ principal, query }) => {
    const page = await readAlbumPage(db, principal.userId, query.limit, query.cursor);
    return { ...page, albums: await withCovers(context, page.albums) };
  });
  mount(endpoints.getAlbum, async ({ principal, params }) =>
    withCover(albumOf(await requireAlbum(db, principal.userId, params.id))),
  );
  mount(endpoints.updateAlbum, async ({ principal, params, body }) =>
    withCover(albumOf(await updateAlbum(context, principal.userId, params.id, body))),
  );
  mount(endpoints.deleteAlbum, async ({ principal, params }) => {
    await deleteAlbum(context, principal.userId, params.id);
    return undefined;
  });
  mount(endpoints.addAlbumItems, async ({ principal, params, body }) => {
    const ids = body.photoIds ?? (body.photoId === undefined ? [] : [body.photoId]);
    const unknown = await addItems(context, principal.userId, params.id, [...new Set(ids)]);
    if (unknown.length > 0) throw unknownPhotos(body, unknown);
    return undefined;
  });
  mount(endpoints.listAlbumItems, async ({ principal, params, query }) => {
    const album = await requireAlbum(db, principal.userId, params.id);
    const { rows, ...page } = await readItemPage(context.database, album, query.limit, query.cursor);
    return { items: await viewPhotos(context, principal.userId, rows), ...page };
  });
  mount(endpoints.moveAlbumItem, async ({ principal: { userId }, params: { id, photoId }, body }) => {
    await moveItem(context, { userId, albumId: id, photoId, after: body.after });
    return undefined;
  });
  mount(endpoints.removeAlbumItem, async ({ principal, params }) => {
    await removeItem(context, principal.userId, params.id, params.photoId);
    return undefined;
  });
}
