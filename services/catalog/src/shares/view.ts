import type { ShareContent, SharedLink, ShareView } from '@lazyphotos/contracts';
import { placesForRequest, shareProblem } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { type PhotoPage, readItemPage } from '../photos/list.js';
import { Prisma } from '../prisma.js';
import { sharedPhoto, shownBySharedLink } from '../visibility.js';
import { sharedPhotoOf, sharedThumbnails } from './record.js';

/** A link that may be shown, with what the page says of its album. */
interface FoundLink {
  userId: string;
  photoId: string | null;
  albumId: string | null;
  title: string | null;
  ownerName: string | null;
  hasPassword: boolean;
  passwordVersion: number;
  allowDownload: boolean;
  showLocation: boolean;
  expiresAt: Date | null;
  albumName: string | null;
  albumDescription: string | null;
  albumCount: number | null;
  albumOrder: string | null;
  coverId: string | null;
}

const COLUMNS = Prisma.sql`
  l.user_id AS "userId", l.photo_id AS "photoId", l.album_id AS "albumId", l.title, l.owner_name AS "ownerName",
  l.password_hash IS NOT NULL AS "hasPassword", l.password_version AS "passwordVersion",
  l.allow_download AS "allowDownload", l.show_location AS "showLocation", l.expires_at AS "expiresAt",
  (SELECT a.name FROM albums a WHERE a.id = l.album_id) AS "albumName",
  (SELECT a.description FROM albums a WHERE a.id = l.album_id) AS "albumDescription",
  (SELECT a.item_count FROM albums a WHERE a.id = l.album_id) AS "albumCount",
  (SELECT a.item_order FROM albums a WHERE a.id = l.album_id) AS "albumOrder",
  (SELECT p.id FROM albums a JOIN album_items i ON i.album_id = a.id AND i.photo_id = a.cover_photo_id
    JOIN photos p ON p.id = i.photo_id
    WHERE a.id = l.album_id AND p.processing = 'ready' AND ${shownBySharedLink}) AS "coverId"`;

/** A link that is not revoked, has not expired, and whose photo or album can be seen. */
const isValidLink = (tokenHash: Uint8Array, now: Date) => Prisma.sql`
  l.token_hash = ${tokenHash} AND (l.expires_at IS NULL OR l.expires_at > ${now})
  AND (l.album_id IS NOT NULL OR EXISTS (SELECT FROM photos p WHERE p.id = l.photo_id AND ${shownBySharedLink}))`;

const unlockedBy = (passwordVersion: number | undefined) => Prisma.sql`
  (l.password_hash IS NULL OR l.password_version = ${passwordVersion ?? null})`;

function linkView(found: FoundLink, cover: SharedLink['cover']): SharedLink {
  return {
    kind: found.albumId === null ? 'photo' : 'album',
    title: found.title ?? undefined,
    albumName: found.albumName ?? undefined,
    albumDescription: found.albumDescription ?? undefined,
    ownerName: found.ownerName ?? undefined,
    hasPassword: found.hasPassword,
    allowDownload: found.allowDownload,
    showLocation: found.showLocation,
    expiresAt: found.expiresAt?.toISOString() ?? null,
    photoCount: found.albumCount ?? 1,
    ...(cover ? { cover } : {}),
  };
}

/**
 * Finds a link and counts the view, in one statement. Only a link that is not shown needs a second one, which distinguishes a missing
 * password from a missing link.
 * @throws ProblemError `not_found`, `share_password_required`
 */
async function findLink(
  { db, now, shareSigning }: CatalogContext,
  { token, unlockToken, counted, cursor }: ShareView,
): Promise<FoundLink> {
  const at = now();
  const isLive = isValidLink(shareSigning.tokenHash(token), at);
  const passwordVersion = shareSigning.unlocks.passwordVersionOf(token, unlockToken);
  const where = Prisma.sql`${isLive} AND ${unlockedBy(passwordVersion)}`;
  const [found] = await db.$queryRaw<FoundLink[]>(
    counted && cursor === undefined
      ? Prisma.sql`UPDATE share_links l SET view_count = l.view_count + 1, last_viewed_at = ${at} WHERE ${where} RETURNING ${COLUMNS}`
      : Prisma.sql`SELECT ${COLUMNS} FROM share_links l WHERE ${where}`,
  );
  if (found) return found;
  const locked = await db.$queryRaw<unknown[]>`SELECT l.id FROM share_links l WHERE ${isLive}`;
  throw shareProblem(locked.length > 0 ? 'share_password_required' : 'not_found');
}

async function photosOf(
  context: CatalogContext,
  { userId, photoId, albumId, albumOrder: order }: FoundLink,
  { limit, cursor }: ShareView,
): Promise<PhotoPage> {
  if (albumId !== null && order !== null)
    return readItemPage(context, { id: albumId, userId, order }, limit, cursor);
  const rows = await context.db.photo.findMany({ where: sharedPhoto(userId, photoId) });
  return { rows, hasMore: false, cursor: null };
}

/** Returns what a visitor of a link sees. @throws ProblemError `not_found`, `share_password_required` */
export async function viewShare(context: CatalogContext, view: ShareView): Promise<ShareContent> {
  const found = await findLink(context, view);
  const { rows, ...page } = await photosOf(context, found, view);
  const { userId, expiresAt, showLocation, allowDownload } = found;
  const passwordVersion = found.hasPassword ? found.passwordVersion : undefined;
  const link = { token: view.token, userId, expiresAt, showLocation, allowDownload, passwordVersion };
  const coverId = found.coverId ?? rows.find((row) => row.processing === 'ready')?.id;
  const cover =
    view.cursor === undefined && coverId !== undefined
      ? { photoId: coverId, thumbnails: sharedThumbnails(context.shareSigning, link, coverId) }
      : undefined;
  const localPlace = placesForRequest();
  return {
    link: linkView(found, cover),
    photos: rows.map((row) => sharedPhotoOf(row, link, context.shareSigning, localPlace)),
    ...page,
  };
}

/** Exchanges a link's password for an unlock token. @throws ProblemError `not_found`, `wrong_share_password` */
export async function unlockShare(
  { db, now, passwords, shareSigning }: CatalogContext,
  token: string,
  password: string,
) {
  const [link] = await db.$queryRaw<{ hash: string | null; version: number; expiresAt: Date | null }[]>`
    SELECT l.password_hash AS hash, l.password_version AS version, l.expires_at AS "expiresAt"
    FROM share_links l WHERE ${isValidLink(shareSigning.tokenHash(token), now())}`;
  // The same work for every token, so that the time does not tell which links exist.
  const isRight = await passwords.verify(link?.hash ?? undefined, password);
  if (!link) throw shareProblem('not_found');
  if (link.hash !== null && !isRight) throw shareProblem('wrong_share_password');
  const issued = shareSigning.unlocks.issue(token, link.version, link.expiresAt);
  return { token: issued.token, expiresAt: issued.expiresAt.toISOString() };
}
