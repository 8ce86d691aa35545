import { endpoints, photoView } from '@lazyphotos/contracts';
import {
  createCursor,
  keyedRequest,
  type MediaUrls,
  notFound,
  type ServiceApp,
} from '@lazyphotos/service-kit';
import { z } from 'zod';
import { instant } from '../dates.js';
import { decodePageCursor, readPhotoPage } from '../photos/page.js';
import { photoRecordOf } from '../photos/record.js';
import type { AlbumRow, CatalogDb } from '../prisma.js';
import { ownPhotos } from '../visibility.js';
import type { Albums } from './albums.js';
import type { AlbumItems } from './items.js';
import { albumOf } from './record.js';

const albumCursor = createCursor(z.object({ at: instant, id: z.uuid() }));

export interface AlbumRoutesDeps {
  db: CatalogDb;
  albums: Albums;
  items: AlbumItems;
  mediaUrls: MediaUrls;
}

async function readAlbumPage(db: CatalogDb, userId: string, limit: number, cursor: string | undefined) {
  const from = cursor === undefined ? undefined : albumCursor.decode(cursor);
  const at = from ? new Date(from.at) : undefined;
  const rows = await db.album.findMany({
    where: {
      userId,
      ...(from && at
        ? { createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { id: { lt: from.id } }] }
        : {}),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  });
  const hasMore = rows.length > limit;
  if (hasMore) rows.pop();
  const last = rows.at(-1);
  return {
    albums: rows.map(albumOf),
    cursor: last ? albumCursor.encode({ at: last.createdAt.getTime(), id: last.id }) : null,
    hasMore,
  };
}

export function mountAlbumRoutes(
  { mount }: ServiceApp,
  { db, albums, items, mediaUrls }: AlbumRoutesDeps,
): void {
  const findOrThrow = async (userId: string, id: string): Promise<AlbumRow> => {
    const row = await db.album.findFirst({ where: { id, userId } });
    if (!row) throw notFound('album');
    return row;
  };

  mount(endpoints.createAlbum, (call) =>
    albums.create(call.principal.userId, call.body, keyedRequest(endpoints.createAlbum, call)),
  );
  mount(endpoints.listAlbums, ({ principal, query }) =>
    readAlbumPage(db, principal.userId, query.limit, query.cursor),
  );
  mount(endpoints.getAlbum, async ({ principal, params }) =>
    albumOf(await findOrThrow(principal.userId, params.id)),
  );
  mount(endpoints.updateAlbum, ({ principal, params, body }) =>
    albums.update(principal.userId, params.id, body),
  );
  mount(endpoints.deleteAlbum, async ({ principal, params }) => {
    await albums.remove(principal.userId, params.id);
    return undefined;
  });
  mount(endpoints.addAlbumItems, async ({ principal, params, body }) => {
    const ids = body.photoIds ?? (body.photoId === undefined ? [] : [body.photoId]);
    await items.add(principal.userId, params.id, [...new Set(ids)]);
    return undefined;
  });
  mount(endpoints.listAlbumItems, async ({ principal, params, query }) => {
    await findOrThrow(principal.userId, params.id);
    const where = {
      ...ownPhotos(principal.userId),
      albumItems: { some: { albumId: params.id } },
    };
    const page = await readPhotoPage(db, where, query.limit, decodePageCursor(query.cursor));
    const photos = page.rows.map((row) => photoView(photoRecordOf(row), mediaUrls.urlFor));
    return { items: photos, cursor: page.cursor, hasMore: page.hasMore };
  });
  mount(endpoints.removeAlbumItem, async ({ principal, params }) => {
    await items.remove(principal.userId, params.id, params.photoId);
    return undefined;
  });
}
