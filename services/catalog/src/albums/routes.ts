import { type Album, type BodyOf, endpoints } from '@lazyphotos/contracts';
import { keyedRequest, type MediaUrls, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import { newestFirst } from '../newest-first.js';
import { readItemPage } from '../photos/page.js';
import type { ViewPhotos } from '../photos/view.js';
import type { CatalogDb } from '../prisma.js';
import type { Albums } from './albums.js';
import { withCovers } from './covers.js';
import type { AlbumItems } from './items.js';
import { albumOf, requireAlbum } from './record.js';

export interface AlbumRoutesDeps {
  db: CatalogDb;
  albums: Albums;
  items: AlbumItems;
  mediaUrls: MediaUrls;
  viewPhotos: ViewPhotos;
}

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

export function mountAlbumRoutes(
  { mount }: ServiceApp,
  { db, albums, items, mediaUrls, viewPhotos }: AlbumRoutesDeps,
): void {
  const withCover = async (album: Album): Promise<Album> => {
    const [covered = album] = await withCovers(db, mediaUrls.urlFor, [album]);
    return covered;
  };

  mount(endpoints.createAlbum, async (call) =>
    withCover(
      await albums.create(call.principal.userId, call.body, keyedRequest(endpoints.createAlbum, call)),
    ),
  );
  mount(endpoints.listAlbums, async ({ principal, query }) => {
    const page = await readAlbumPage(db, principal.userId, query.limit, query.cursor);
    return { ...page, albums: await withCovers(db, mediaUrls.urlFor, page.albums) };
  });
  mount(endpoints.getAlbum, async ({ principal, params }) =>
    withCover(albumOf(await requireAlbum(db, principal.userId, params.id))),
  );
  mount(endpoints.updateAlbum, async ({ principal, params, body }) =>
    withCover(albumOf(await albums.update(principal.userId, params.id, body))),
  );
  mount(endpoints.deleteAlbum, async ({ principal, params }) => {
    await albums.remove(principal.userId, params.id);
    return undefined;
  });
  mount(endpoints.addAlbumItems, async ({ principal, params, body }) => {
    const ids = body.photoIds ?? (body.photoId === undefined ? [] : [body.photoId]);
    const unknown = await items.add(principal.userId, params.id, [...new Set(ids)]);
    if (unknown.length > 0) throw unknownPhotos(body, unknown);
    return undefined;
  });
  mount(endpoints.listAlbumItems, async ({ principal, params, query }) => {
    const album = await requireAlbum(db, principal.userId, params.id);
    const page = await readItemPage(db, album, query.limit, query.cursor);
    return {
      items: await viewPhotos(principal.userId, page.rows),
      cursor: page.cursor,
      hasMore: page.hasMore,
    };
  });
  mount(endpoints.moveAlbumItem, async ({ principal, params, body }) => {
    await items.move({
      userId: principal.userId,
      albumId: params.id,
      photoId: params.photoId,
      after: body.after,
    });
    return undefined;
  });
  mount(endpoints.removeAlbumItem, async ({ principal, params }) => {
    await items.remove(principal.userId, params.id, params.photoId);
    return undefined;
  });
}
