import type { Album, AlbumOrder, MediaUrlFor } from '@lazyphotos/contracts';
import { notFound } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { flagConditions } from '../photos/selection.js';
import { type AlbumRow, type CatalogDb, Prisma } from '../prisma.js';
import { isShown } from '../visibility.js';

export const albumOf = (row: AlbumRow): Album => ({
  id: row.id,
  userId: row.userId,
  name: row.name,
  description: row.description ?? undefined,
  coverPhotoId: row.coverPhotoId ?? undefined,
  order: row.order as AlbumOrder,
  itemCount: row.itemCount,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  isDeleted: false,
  version: row.version,
});

/** Returns an album of this user. @throws ProblemError `not_found` */
export async function requireAlbum(db: CatalogDb, userId: string, id: string): Promise<AlbumRow> {
  const row = await db.album.findFirst({ where: { id, userId } });
  if (!row) throw notFound('album');
  return row;
}

const { sql } = Prisma;

/** The first photo of album `a` in its order, found at the beginning of an index. */
const firstItem = () => {
  const items = sql`FROM album_items i WHERE i.album_id = a.id AND ${isShown({ row: 'i' })}`;
  const newest = flagConditions({}).map(
    (flags) =>
      sql`(SELECT i.photo_id, i.sort_at ${items} AND ${flags} ORDER BY i.sort_at DESC, i.photo_id DESC LIMIT 1)`,
  );
  return sql`CASE a.item_order
    WHEN 'manual' THEN (SELECT i.photo_id ${items} ORDER BY i.position, i.photo_id LIMIT 1)
    ELSE (SELECT photo_id FROM (${Prisma.join(newest, ' UNION ALL ')}) AS candidates
      ORDER BY sort_at DESC, photo_id DESC LIMIT 1) END`;
};

interface CoverRow {
  albumId: string;
  photoId: string;
  userId: string;
  processing: string;
  placeholder: string | null;
}

const coverOf = (row: CoverRow, mediaUrl: MediaUrlFor): NonNullable<Album['cover']> => ({
  photoId: row.photoId,
  thumb: row.processing === 'ready' ? mediaUrl(row.userId, row.photoId, 'thumb') : undefined,
  placeholder: row.placeholder ?? undefined,
});

/**
 * Adds to albums the pictures to show for them: the chosen cover, or the first photo of the album if none is chosen or the chosen
 * one is in the trash. One statement, however many albums there are.
 */
export async function withCovers({ db, mediaUrls }: CatalogContext, albums: Album[]): Promise<Album[]> {
  if (albums.length === 0) return [];
  const rows = await db.$queryRaw<CoverRow[]>`
    SELECT a.id AS "albumId", p.id AS "photoId", p.user_id AS "userId", p.processing, p.placeholder
    FROM albums a
    LEFT JOIN photos chosen ON chosen.id = a.cover_photo_id AND ${isShown({ row: 'chosen' })}
    JOIN photos p ON p.id = COALESCE(chosen.id, ${firstItem()})
    WHERE a.id = ANY(${albums.map(({ id }) => id)}::uuid[])`;
  const covers = new Map(rows.map((row) => [row.albumId, coverOf(row, mediaUrls.urlFor)]));
  return albums.map((album) => ({ ...album, cover: covers.get(album.id) }));
}
