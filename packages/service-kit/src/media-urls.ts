import { createHmac, timingSafeEqual } from 'node:crypto';
import { type MediaUrlFor, type MediaVariant, mediaVariants } from '@lazyphotos/contracts';

export interface MediaUrlOptions {
  /** Shared by those who sign and the gateway, which verifies. */
  signingKey: string;
  baseUrl: string;
  /** A URL is good for at least this long, and for at most twice as long. */
  lifetimeSeconds: number;
  now?: () => number;
}

export interface MediaLocation {
  userId: string;
  photoId: string;
  variant: MediaVariant;
  expiresAt: Date;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const MEDIA_PATH = new RegExp(`^/media/(${UUID})/(${UUID})/(${mediaVariants.join('|')})$`);

const signatureOf = (key: string, path: string, expires: string) =>
  createHmac('sha256', key).update(`${path}?exp=${expires}`).digest('base64url');

/**
 * Signed media URLs: `/media/<userId>/<photoId>/<variant>?exp=<unix seconds>&sig=<HMAC-SHA256>`. Expiry is rounded up to the
 * end of the next time bucket, so that the same URL is answered for a while and caches can hold on to it.
 */
export function createMediaUrls({ signingKey, baseUrl, lifetimeSeconds, now = Date.now }: MediaUrlOptions) {
  const expiry = () => (Math.floor(now() / 1000 / lifetimeSeconds) + 2) * lifetimeSeconds;

  const sign = (userId: string, photoId: string, variant: MediaVariant) => {
    const path = `/media/${userId}/${photoId}/${variant}`;
    const expires = expiry();
    const url = `${baseUrl}${path}?exp=${expires}&sig=${signatureOf(signingKey, path, String(expires))}`;
    return { url, expiresAt: new Date(expires * 1000) };
  };
  const urlFor: MediaUrlFor = (...args) => sign(...args).url;

  /** The location that a URL names, or undefined when its signature is wrong or it has expired. */
  const verify = (path: string, expires: unknown, signature: unknown): MediaLocation | undefined => {
    const match = MEDIA_PATH.exec(path);
    if (!match || typeof expires !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(expires))
      return undefined;
    const expected = Buffer.from(signatureOf(signingKey, path, expires));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    if (Number(expires) * 1000 <= now()) return undefined;
    const [, userId = '', photoId = '', variant = ''] = match;
    return { userId, photoId, variant: variant as MediaVariant, expiresAt: new Date(Number(expires) * 1000) };
  };
  return { sign, urlFor, verify };
}

export type MediaUrls = ReturnType<typeof createMediaUrls>;
