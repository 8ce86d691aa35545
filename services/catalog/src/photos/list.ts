import { type endpoints, MAX_LIMIT, type QueryOf } from '@lazyphotos/contracts';
import { createCursor, describeError, ProblemError } from '@lazyphotos/service-kit';
import { z } from 'zod';
import { requireAlbum } from '../albums/record.js';
import type { CatalogContext } from '../context.js';
import { type AlbumRow, Prisma } from '../prisma.js';
import { instant } from '../values.js';
import { isShown } from '../visibility.js';
import type { ListedPhoto } from './columns.js';
import { type FittingPhoto, fittingPhotos, readFitting } from './page-bytes.js';
import { indexRangesOf, type Selection } from './selection.js';
import { viewPhotos } from './view.js';

const { sql } = Prisma;

/** Where the next page begins: after this photo. `feed` is the feed's position when the first page was read. */
const place = { id: z.uuid(), feed: z.string().max(300).optional() };
const pageCursor = createCursor(
  z.union([
    z.object({ by: z.enum(['capturedAt', 'uploadedAt']).default('capturedAt'), at: instant, ...place }),
    z.object({ by: z.literal('position'), position: z.string().regex(/^[!-~]{1,200}$/), ...place }),
  ]),
);
type PageCursor = ReturnType<typeof pageCursor.decode>;

/** @throws ProblemError `invalid_cursor`, also for a cursor of a list in another order */
function decodePageCursor(cursor: string | undefined, by: PageCursor['by']): PageCursor | undefined {
  if (cursor === undefined) return undefined;
  const decoded = pageCursor.decode(cursor);
  if (decoded.by !== by)
    throw new ProblemError('invalid_cursor', 'The cursor is of a list in another order.');
  return decoded;
}

export interface PhotoPage {
  rows: ListedPhoto[];
  hasMore: boolean;
  /** Null when there is nothing on this page. */
  cursor: string | null;
}

/** A page of any size has one text. As a literal it tells PostgreSQL that a range is short, which a parameter does not. */
const RANGE_LIMIT = Prisma.raw(String(MAX_LIMIT + 1));
/**
 * The limit of a page as a literal, too: with a parameter PostgreSQL plans each page anew, which takes it as long as reading one, because the
 * plan for any limit looks dearer to it.
 */
const pageLimit = (limit: number): Prisma.Sql => Prisma.raw(String(limit + 1));

type ReadContext = Pick<CatalogContext, 'database' | 'pageNames'>;

function pageOf(
  read: FittingPhoto[],
  limit: number,
  cursorAt: (last: FittingPhoto) => PageCursor,
): PhotoPage {
  const rows = read.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows,
    hasMore: (last?.found ?? 0) > rows.length,
    cursor: last ? pageCursor.encode(cursorAt(last)) : null,
  };
}

/**
 * Reads one page of a selection, newest first, by keyset along the index: as quick at the end of a long list as at its beginning.
 * The caller has made sure that the album is the user's.
 */
async function readPhotoPage(
  { database, pageNames }: ReadContext,
  selection: Selection,
  limit: number,
  from: PageCursor | undefined,
  feed?: string,
): Promise<PhotoPage> {
  const { time, id, ranges } = indexRangesOf(selection);
  const { userId, sort: order = 'capturedAt', albumId, ...filter } = selection;
  const after =
    from && from.by !== 'position'
      ? sql` AND (${time}, ${id}) < (${new Date(from.at)}::timestamptz, ${from.id}::uuid)`
      : Prisma.empty;
  // Each range is ordered separately and has its own limit: only then does PostgreSQL merge them instead of sorting them all.
  const newest = ranges.map(
    (range) => sql`(
      SELECT ${time} AS at, ${id} AS photo_id ${range}${after} ORDER BY ${time} DESC, ${id} DESC LIMIT ${RANGE_LIMIT})`,
  );
  const rows = sql`
    SELECT at, photo_id FROM (${Prisma.join(newest, ' UNION ALL ')}) AS newest
    ORDER BY at DESC, photo_id DESC LIMIT ${pageLimit(limit)}`;
  const query = fittingPhotos(userId, { rows, order: 'at DESC, photo_id DESC' });
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const shape = { limit, order, isOfAlbum: albumId !== undefined, isFirst: !from, isFiltered };
  const read = await readFitting(database, query, pageNames.nameOf(shape, query.text));
  return pageOf(read, limit, (last) => ({
    by: order,
    at: (order === 'uploadedAt' ? last.uploadedAt : last.sortAt).getTime(),
    id: last.id,
    feed,
  }));
}

/** Reads one page of an album in its manual order. */
async function readArrangedPage(
  { database, pageNames }: ReadContext,
  { id: albumId, userId }: Pick<AlbumRow, 'id' | 'userId'>,
  limit: number,
  from: PageCursor | undefined,
): Promise<PhotoPage> {
  const after =
    from?.by === 'position'
      ? sql` AND (position, photo_id) > (${from.position}, ${from.id}::uuid)`
      : Prisma.empty;
  const rows = sql`
    SELECT position, photo_id FROM album_items WHERE album_id = ${albumId}::uuid AND ${isShown()}${after}
    ORDER BY position, photo_id LIMIT ${pageLimit(limit)}`;
  const column = { name: 'position', as: 'pagePosition' } as const;
  const query = fittingPhotos(userId, { rows, order: 'position, photo_id', column });
  const shape = { limit, order: 'position', isOfAlbum: true, isFirst: !from, isFiltered: false } as const;
  const read = await readFitting(database, query, pageNames.nameOf(shape, query.text));
  return pageOf(read, limit, (last) => ({
    by: 'position',
    position: last.pagePosition ?? '',
    id: last.id,
  }));
}

/** Reads one page of an album's photos in the album's own order. The caller has made sure that the album is the user's. */
export function readItemPage(
  context: ReadContext,
  { id, userId, order }: Pick<AlbumRow, 'id' | 'userId' | 'order'>,
  limit: number,
  cursor: string | undefined,
): Promise<PhotoPage> {
  if (order === 'manual')
    return readArrangedPage(context, { id, userId }, limit, decodePageCursor(cursor, 'position'));
  return readPhotoPage(context, { userId, albumId: id }, limit, decodePageCursor(cursor, 'capturedAt'));
}

/** Returns the feed's position. Without the feed the list still works; the client then reads the feed from its beginning. */
const feedPosition = ({ feed, logger }: CatalogContext, userId: string): Promise<string | undefined> =>
  feed.headCursor(userId).catch((error: unknown) => {
    logger.warn('a list goes out without feedCursor', { error: describeError(error) });
    return undefined;
  });

export async function listPhotos(
  context: CatalogContext,
  userId: string,
  { cursor, limit, ...filter }: QueryOf<typeof endpoints.listPhotos>,
) {
  if (filter.albumId !== undefined) await requireAlbum(context.db, userId, filter.albumId);
  const from = decodePageCursor(cursor, filter.sort);
  // Read before the first page: later changes come through the feed.
  const position = from ? from.feed : await feedPosition(context, userId);
  const page = await readPhotoPage(context, { userId, ...filter }, limit, from, position);
  return {
    photos: await viewPhotos(context, userId, page.rows),
    cursor: page.cursor,
    hasMore: page.hasMore,
    ...(page.hasMore || position === undefined ? {} : { feedCursor: position }),
  };
}
