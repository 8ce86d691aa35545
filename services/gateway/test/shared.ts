import { createHash, randomBytes } from 'node:crypto';
import type { CopiesApi, ShareContent, SharedPhoto, SharesApi } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { newId, notFound, ProblemError, type ShareSigning, shareProblem } from '@lazyphotos/service-kit';

const PAGE = 3;

interface StoredPhoto extends Omit<SharedPhoto, 'thumbnails' | 'originalUrl'> {
  bytes: Buffer;
}

export interface LinkOptions {
  allowDownload?: boolean;
  showLocation?: boolean;
  password?: string;
  title?: string;
}

/** The catalog's and the media worker's part in sharing, with photos in the gateway's own store. */
export function createShared() {
  const userId = newId();
  const photos: StoredPhoto[] = [];
  const links = new Map<
    string,
    Required<Omit<LinkOptions, 'password' | 'title'>> & LinkOptions & { version: number }
  >();
  const given: { store?: ObjectStore; signing?: ShareSigning } = {};
  const views: { cursor: string | undefined; counted: boolean }[] = [];
  /** Ids of photos of which no copy without location can be made. */
  const unclean = new Set<string>();
  /** Ids of photos that name their owner. */
  const signed = new Set<string>();
  const copied: string[] = [];
  const signing = () => given.signing as ShareSigning;
  const store = () => given.store as ObjectStore;

  const linkOrThrow = (token: string) => {
    const link = links.get(token);
    if (!link) throw shareProblem('not_found');
    return link;
  };

  const view: SharesApi['view'] = async ({ token, unlockToken, cursor, counted }) => {
    const link = linkOrThrow(token);
    const version = link.password === undefined ? undefined : link.version;
    if (version !== undefined && signing().unlocks.passwordVersionOf(token, unlockToken) !== version)
      throw shareProblem('share_password_required');
    views.push({ cursor, counted });
    const from = Number(cursor ?? 0);
    const shown = photos.slice(from, from + PAGE);
    const media = {
      token,
      userId,
      expiresAt: null,
      showLocation: link.showLocation,
      passwordVersion: version,
    };
    return {
      link: {
        kind: 'album',
        title: link.title,
        albumName: 'Summer',
        hasPassword: version !== undefined,
        allowDownload: link.allowDownload,
        showLocation: link.showLocation,
        expiresAt: null,
        photoCount: photos.length,
      },
      photos: shown.map(({ bytes: _, ...photo }) => ({
        ...photo,
        thumbnails: {
          thumb: signing().mediaUrl(media, photo.id, 'thumb'),
          medium: signing().mediaUrl(media, photo.id, 'medium'),
        },
        ...(link.allowDownload
          ? { originalUrl: signing().mediaUrl(media, photo.id, 'original', photo.fileName) }
          : {}),
      })),
      cursor: String(from + shown.length),
      hasMore: from + shown.length < photos.length,
    } satisfies ShareContent;
  };

  const unlock: SharesApi['unlock'] = async (token, password) => {
    const link = linkOrThrow(token);
    if (link.password !== password) throw shareProblem('wrong_share_password');
    const issued = signing().unlocks.issue(token, link.version, null);
    return { token: issued.token, expiresAt: issued.expiresAt.toISOString() };
  };

  const makeCopy: CopiesApi['makeCopy'] = async ({ kind, photoId, storageKey }) => {
    if (unclean.has(photoId)) throw new ProblemError('copy_unsupported', 'It would still hold a location.');
    const photo = photos.find(({ id }) => id === photoId);
    if (!photo) throw notFound('photo');
    if (kind === 'without-owner' && !signed.has(photoId)) return { key: storageKey };
    const key = `derived/${userId}/${photoId}/${kind}`;
    copied.push(photoId);
    await store().put(key, cleaned(photo.bytes), { contentType: photo.mimeType });
    return { key };
  };

  return {
    userId,
    photos,
    views,
    unclean,
    signed,
    copied,
    shares: { view, unlock } satisfies SharesApi,
    copies: { makeCopy } satisfies CopiesApi,
    /** Hands in what the gateway was started with. */
    use: (more: { store: ObjectStore; shareSigning: ShareSigning }) => {
      given.store = more.store;
      given.signing = more.shareSigning;
    },
    share: (options: LinkOptions = {}): string => {
      const token = signing().tokenOf(randomBytes(32));
      links.set(token, { allowDownload: true, showLocation: false, version: 1, ...options });
      return token;
    },
    revoke: (token: string) => links.delete(token),
    /** Stores a photo with both previews. */
    addPhoto: async (more: Partial<StoredPhoto> = {}): Promise<StoredPhoto> => {
      const photo: StoredPhoto = {
        id: newId(),
        fileName: 'sea.jpg',
        mimeType: 'image/jpeg',
        sizeBytes: 0,
        width: 4,
        height: 3,
        kind: 'photo',
        bytes: randomBytes(10_000),
        ...more,
      };
      const sha256 = createHash('sha256').update(photo.bytes).digest('hex');
      await store().put(`originals/${userId}/${photo.id}`, photo.bytes, {
        contentType: photo.mimeType,
        metadata: { sha256, 'file-name': 'the name at upload.jpg' },
      });
      for (const variant of ['thumb', 'medium'])
        await store().put(`derived/${userId}/${photo.id}/${variant}`, Buffer.from(variant), {
          contentType: 'image/jpeg',
        });
      photos.push(photo);
      return photo;
    },
  };
}
export type Shared = ReturnType<typeof createShared>;

/** What the stand-in for the media worker makes of an original. */
export const cleaned = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from('without location'), bytes]);
