import { type Album, type BodyOf, endpoints, MAX_PAGE_BYTES } from '@lazyphotos/contracts';
import { keyedRequest, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { newestFirst } from '../newest-first.js';
import { readItemPage } from '../photos/list.js';
import { viewPhotos } from '../photos/view.js';
import { type CatalogDb, Prisma } from '../prisma.js';
import { createAlbum, deleteAlbum, updateAlbum } from './albums.js';
import { addItems, moveItem, removeItem } from './items.js';
import { albumOf, requireAlbum, withCovers } from './record.js';

/** Everything of an album but its texts: ids, times, the cover with its URL. A character of a text may take twice its bytes in JSON. */
const ALBUM_BYTES = Prisma.raw(`800 + 2 * octet_length(concat_ws(',', name, description))`);

/** Returns how many of these albums, from the first one on, make a page of MAX_PAGE_BYTES: one at least. */
async function countFitting(db: CatalogDb, ids: readonly string[]): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (
      SELECT nth, sum(${ALBUM_BYTES}) OVER (ORDER BY nth) AS total
      FROM unnest(${[...ids]}::uuid[]) WITH ORDINALITY AS listed (id, nth) JOIN albums USING (id)
    ) AS sized WHERE total <= ${MAX_PAGE_BYTES}::int OR nth = 1`;
  return Math.max(1, row?.count ?? 0);
}

async function readAlbumPage(db: CatalogDb, userId: string, limit: number, cursor: string | undefined) {
  const { query, pageOf } = newestFirst(userId, limit, cursor);
  const listed = await db.album.findMany({ ...query, select: { id: true, createdAt: true } });
  const most = await countFitting(
    db,
    listed.map(({ id }) => id),
  );
  const page = pageOf(listed, Math.min(limit, most));
  const ids = page.rows.map(({ id }) => id);
  const { orderBy } = query;
  const rows = await db.album.findMany({ where: { id: { in: ids } }, orderBy });
  return { ...page, rows: rows.map(albumOf) };
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
    const { rows, ...page } = await readAlbumPage(db, principal.userId, query.limit, query.cursor);
    return { ...page, albums: await withCovers(context, rows) };
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
    const { rows, ...page } = await readItemPage(context, album, query.limit, query.cursor);
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
