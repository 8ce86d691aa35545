import type { ShareContent, SharedLink, SharesApi, ShareView } from '@lazyphotos/contracts';
import type { Passwords } from '@lazyphotos/passwords';
import { type ShareSigning, shareProblem } from '@lazyphotos/service-kit';
import { decodePageCursor, type PhotoPage, readPhotoPage } from '../photos/page.js';
import { type CatalogDb, Prisma } from '../prisma.js';
import { sharedPhotos, shownBySharedLink } from '../visibility.js';
import { type SharedPhotoOptions, sharedPhotoOf, sharedThumbnails } from './record.js';

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
  coverId: string | null;
}

const columns = Prisma.sql`
  l.user_id AS "userId", l.photo_id AS "photoId", l.album_id AS "albumId", l.title, l.owner_name AS "ownerName",
  l.password_hash IS NOT NULL AS "hasPassword", l.password_version AS "passwordVersion",
  l.allow_download AS "allowDownload", l.show_location AS "showLocation", l.expires_at AS "expiresAt",
  (SELECT a.name FROM albums a WHERE a.id = l.album_id) AS "albumName",
  (SELECT a.description FROM albums a WHERE a.id = l.album_id) AS "albumDescription",
  (SELECT a.item_count FROM albums a WHERE a.id = l.album_id) AS "albumCount",
  (SELECT p.id FROM albums a JOIN album_items i ON i.album_id = a.id AND i.photo_id = a.cover_photo_id
    JOIN photos p ON p.id = i.photo_id
    WHERE a.id = l.album_id AND p.processing = 'ready' AND ${shownBySharedLink}) AS "coverId"`;

/** A link that is not revoked, has not expired, and whose photo or album can be seen. */
const live = (tokenHash: Uint8Array, now: Date) => Prisma.sql`
  l.token_hash = ${tokenHash} AND (l.expires_at IS NULL OR l.expires_at > ${now})
  AND (l.album_id IS NOT NULL OR EXISTS (SELECT FROM photos p WHERE p.id = l.photo_id AND ${shownBySharedLink}))`;

const unlockedBy = (passwordVersion: number | undefined) => Prisma.sql`
  (l.password_hash IS NULL OR l.password_version = ${passwordVersion ?? null})`;

export interface ShareViewsDeps {
  db: CatalogDb;
  passwords: Passwords;
  signing: ShareSigning;
  now: () => Date;
}

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

/** What visitors of a link do: they unlock it and look at it. */
export function createShareViews({ db, passwords, signing, now }: ShareViewsDeps): SharesApi {
  /**
   * Finds a link and counts the view, in one statement. Only a link that is not shown takes a second one, which tells a missing
   * password from a missing link.
   * @throws ProblemError `not_found`, `share_password_required`
   */
  const findLink = async (token: string, unlockToken: string | undefined, counted: boolean) => {
    const at = now();
    const isLive = live(signing.tokenHash(token), at);
    const where = Prisma.sql`${isLive} AND ${unlockedBy(signing.unlocks.passwordVersionOf(token, unlockToken))}`;
    const [found] = await db.$queryRaw<FoundLink[]>(
      counted
        ? Prisma.sql`UPDATE share_links l SET view_count = l.view_count + 1, last_viewed_at = ${at} WHERE ${where} RETURNING ${columns}`
        : Prisma.sql`SELECT ${columns} FROM share_links l WHERE ${where}`,
    );
    if (found) return found;
    const locked = await db.$queryRaw<unknown[]>`SELECT l.id FROM share_links l WHERE ${isLive}`;
    throw shareProblem(locked.length > 0 ? 'share_password_required' : 'not_found');
  };

  const contentOf = (found: FoundLink, token: string, page: PhotoPage, isFirst: boolean): ShareContent => {
    const link: SharedPhotoOptions = {
      token,
      userId: found.userId,
      expiresAt: found.expiresAt,
      showLocation: found.showLocation,
      allowDownload: found.allowDownload,
      passwordVersion: found.hasPassword ? found.passwordVersion : undefined,
    };
    const coverId = found.coverId ?? page.rows.find((row) => row.processing === 'ready')?.id;
    const cover =
      isFirst && coverId !== undefined
        ? { photoId: coverId, thumbnails: sharedThumbnails(signing, link, coverId) }
        : undefined;
    return {
      link: linkView(found, cover),
      photos: page.rows.map((row) => sharedPhotoOf(row, link, signing)),
      cursor: page.cursor,
      hasMore: page.hasMore,
    };
  };

  const view = async ({ token, unlockToken, cursor, limit, counted }: ShareView): Promise<ShareContent> => {
    const from = decodePageCursor(cursor);
    const found = await findLink(token, unlockToken, counted && !from);
    const page = await readPhotoPage(db, sharedPhotos(found), limit, from);
    return contentOf(found, token, page, !from);
  };

  const unlock = async (token: string, password: string) => {
    const [link] = await db.$queryRaw<{ hash: string | null; version: number; expiresAt: Date | null }[]>`
      SELECT l.password_hash AS hash, l.password_version AS version, l.expires_at AS "expiresAt"
      FROM share_links l WHERE ${live(signing.tokenHash(token), now())}`;
    // The same work for every token, so that the time does not tell which links there are.
    const isRight = await passwords.verify(link?.hash ?? undefined, password);
    if (!link) throw shareProblem('not_found');
    if (link.hash !== null && !isRight) throw shareProblem('wrong_share_password');
    const issued = signing.unlocks.issue(token, link.version, link.expiresAt);
    return { token: issued.token, expiresAt: issued.expiresAt.toISOString() };
  };

  return { view, unlock };
}
