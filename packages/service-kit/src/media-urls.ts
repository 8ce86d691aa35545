import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { MEDIA_VARIANTS, type MediaUrlFor, type MediaVariant } from '@lazyphotos/contracts';

export interface MediaUrlOptions {
  /** Shared by the services that sign and the gateway, which verifies. */
  signingKey: string;
  baseUrl: string;
  /** A URL is valid for at least this time, and at most twice as long. For a copy with edits see `COPY_LIFETIME_SECONDS`. */
  lifetimeSeconds: number;
  now?: () => number;
}

/** The original, a preview, or a copy of the original that has the edits of one version written in. */
export type SignedVariant = MediaVariant | `embedded-${number}`;

export interface MediaLocation {
  userId: string;
  photoId: string;
  variant: SignedVariant;
  /** The name to save it under, if it is not the one that the object was stored with. */
  name?: string;
  expiresAt: Date;
}

/**
 * The longest lifetime for URLs of copies. The media worker removes a copy a day after it was last asked for; twice this lifetime
 * ends well before.
 */
const COPY_LIFETIME_SECONDS = 6 * 3600;

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const MEDIA_PATH = new RegExp(
  `^/media/(${UUID})/(${UUID})/(${MEDIA_VARIANTS.join('|')}|embedded-\\d{1,10})$`,
);

const queryOf = (expires: string, name: string | undefined): string =>
  name === undefined ? `exp=${expires}` : `exp=${expires}&name=${encodeURIComponent(name)}`;

const signatureOf = (key: KeyObject, path: string, expires: string, name: string | undefined) =>
  createHmac('sha256', key)
    .update(`${path}?${queryOf(expires, name)}`)
    .digest('base64url');

/**
 * Signed media URLs: `/media/<userId>/<photoId>/<variant>?exp=<unix seconds>&name=<file name>&sig=<HMAC-SHA256>`, the name
 * only where one is given. The expiry is the end of the next time bucket, so that the URL stays the same for a while and caches
 * can keep the picture.
 */
export interface MediaUrls {
  sign(
    userId: string,
    photoId: string,
    variant: SignedVariant,
    name?: string,
  ): { url: string; expiresAt: Date };
  urlFor: MediaUrlFor;
  /** Returns the location that a URL names; undefined if its signature is wrong or it has expired. */
  verify(path: string, expires: unknown, signature: unknown, name?: unknown): MediaLocation | undefined;
}

export function createMediaUrls(options: MediaUrlOptions): MediaUrls {
  const { baseUrl, lifetimeSeconds, now = Date.now } = options;
  const signingKey = createSecretKey(options.signingKey, 'utf8');

  function expiryOf(variant: SignedVariant): number {
    const isCopy = variant.startsWith('embedded-');
    const step = isCopy ? Math.min(lifetimeSeconds, COPY_LIFETIME_SECONDS) : lifetimeSeconds;
    return (Math.floor(now() / 1000 / step) + 2) * step;
  }

  function sign(userId: string, photoId: string, variant: SignedVariant, name?: string) {
    const path = `/media/${userId}/${photoId}/${variant}`;
    const expires = expiryOf(variant);
    const signature = signatureOf(signingKey, path, String(expires), name);
    const url = `${baseUrl}${path}?${queryOf(String(expires), name)}&sig=${signature}`;
    return { url, expiresAt: new Date(expires * 1000) };
  }

  function verify(
    path: string,
    expires: unknown,
    signature: unknown,
    name?: unknown,
  ): MediaLocation | undefined {
    const match = MEDIA_PATH.exec(path);
    if (!match || typeof expires !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(expires))
      return undefined;
    if (name !== undefined && (typeof name !== 'string' || !name.isWellFormed())) return undefined;
    const expected = Buffer.from(signatureOf(signingKey, path, expires, name));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    if (Number(expires) * 1000 <= now()) return undefined;
    const [, userId = '', photoId = '', variant = ''] = match;
    return {
      userId,
      photoId,
      variant: variant as SignedVariant,
      ...(name === undefined ? {} : { name }),
      expiresAt: new Date(Number(expires) * 1000),
    };
  }

  return { sign, verify, urlFor: (userId, photoId, variant) => sign(userId, photoId, variant).url };
}
