import { randomBytes } from 'node:crypto';
import type { SharedLink, SharedPhoto, SharesApi, ShareView } from '@lazyphotos/contracts';
import { newId, ProblemError, type ShareSigning, shareProblem } from '@lazyphotos/service-kit';

export interface FixtureLink {
  password?: string;
  link?: Partial<SharedLink>;
  photos?: readonly Partial<SharedPhoto>[];
}

/** Stands in for the catalog: links whose content a test makes up, with URLs and unlock tokens as the catalog makes them. */
export function createShareFixture() {
  const links = new Map<string, FixtureLink>();
  const views: ShareView[] = [];
  const given: { signing?: ShareSigning } = {};
  const signing = () => given.signing as ShareSigning;

  const photoOf = (token: string, link: FixtureLink, more: Partial<SharedPhoto>): SharedPhoto => {
    const id = more.id ?? newId();
    const passwordVersion = link.password === undefined ? undefined : 1;
    const media = { token, userId: newId(), expiresAt: null, showLocation: false, passwordVersion };
    return {
      id,
      fileName: 'IMG_4711.jpg',
      mimeType: 'image/jpeg',
      sizeBytes: 4_000_000,
      width: 4000,
      height: 3000,
      kind: 'photo',
      thumbnails: {
        thumb: signing().mediaUrl(media, id, 'thumb'),
        medium: signing().mediaUrl(media, id, 'medium'),
      },
      ...(link.link?.allowDownload === false
        ? {}
        : { originalUrl: signing().mediaUrl(media, id, 'original', 'IMG_4711.jpg') }),
      ...more,
    };
  };

  const shares: SharesApi = {
    view: async (view) => {
      views.push(view);
      const link = links.get(view.token);
      if (view.cursor !== undefined && !/^\d+$/.test(view.cursor)) throw new ProblemError('invalid_cursor');
      if (!link) throw shareProblem('not_found');
      if (
        link.password !== undefined &&
        signing().unlocks.passwordVersionOf(view.token, view.unlockToken) !== 1
      )
        throw shareProblem('share_password_required');
      const all = link.photos ?? [];
      const from = Number(view.cursor ?? 0);
      const photos = all.slice(from, from + view.limit).map((photo) => photoOf(view.token, link, photo));
      const [first] = photos;
      const cover = first && { photoId: first.id, thumbnails: first.thumbnails };
      return {
        link: {
          kind: 'album',
          hasPassword: link.password !== undefined,
          allowDownload: true,
          showLocation: false,
          expiresAt: null,
          photoCount: all.length,
          ...(cover && from === 0 ? { cover } : {}),
          ...link.link,
        },
        photos,
        cursor: photos.length > 0 ? String(from + photos.length) : null,
        hasMore: from + photos.length < all.length,
      };
    },
    unlock: async (token, password) => {
      const link = links.get(token);
      if (!link) throw shareProblem('not_found');
      if (link.password !== password) throw shareProblem('wrong_share_password');
      const issued = signing().unlocks.issue(token, 1, null);
      return { token: issued.token, expiresAt: issued.expiresAt.toISOString() };
    },
  };

  return {
    shares,
    views,
    /** Hands in what the gateway was started with. */
    use: (more: { shareSigning: ShareSigning }) => {
      given.signing = more.shareSigning;
    },
    /** Returns the token of a new link. */
    share: (link: FixtureLink = {}): string => {
      const token = signing().tokenOf(randomBytes(32));
      links.set(token, link);
      return token;
    },
    revoke: (token: string) => links.delete(token),
  };
}
export type ShareFixture = ReturnType<typeof createShareFixture>;
