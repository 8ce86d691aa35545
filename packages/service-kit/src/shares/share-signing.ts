import { createHash, createHmac } from 'node:crypto';
import type { MediaVariant } from '@lazyphotos/contracts';
import { deriveKey } from './derive-key.js';
import { createMediaHandles, type ShareMedia } from './media-handles.js';
import { createUnlocks } from './unlocks.js';

export interface ShareSigningOptions {
  /** The media signing key; every key of shares is derived from it. */
  signingKey: string;
  /** Base of the pages, and of the pictures of links that have a password. */
  publicUrl: string;
  /** Base of the pictures of links without a password, which a CDN may keep. */
  mediaBaseUrl: string;
  /** A picture's URL is good for at most this long, and for at least half of it. */
  lifetimeSeconds: number;
  now?: () => number;
}

/** What the URLs of a link's pictures depend on. */
export interface LinkForMedia {
  token: string;
  userId: string;
  expiresAt: Date | null;
  showLocation: boolean;
  /** Undefined for a link without a password. */
  passwordVersion: number | undefined;
}

/** Everything about share links that is signed, sealed or derived. */
export function createShareSigning(options: ShareSigningOptions) {
  const { signingKey, publicUrl, mediaBaseUrl, lifetimeSeconds, now = Date.now } = options;
  const tokenKey = deriveKey(signingKey, 'share token');
  const fingerprintKey = deriveKey(signingKey, 'share request');
  const handles = createMediaHandles(signingKey);
  const unlocks = createUnlocks(signingKey, now);
  const step = Math.max(1, Math.floor(lifetimeSeconds / 2));

  /** The end of the next step of time, so that the same URL is given for a while; never after the link's own end. */
  const mediaExpiry = (linkExpiresAt: Date | null): Date => {
    const end = (Math.floor(now() / 1000 / step) + 2) * step * 1000;
    return new Date(linkExpiresAt ? Math.min(end, linkExpiresAt.getTime()) : end);
  };

  return {
    /**
     * The token of a link, made of 256 random bits and a key, so that neither the database nor the key alone gives it away.
     * The same seed gives the same token.
     */
    tokenOf: (seed: Uint8Array): string => createHmac('sha256', tokenKey).update(seed).digest('base64url'),
    /** What is stored of a token. A fast hash is enough: nobody can try out 256 bits. */
    tokenHash: (token: string): Uint8Array<ArrayBuffer> =>
      new Uint8Array(createHash('sha256').update(token).digest()),
    /** Keys the fingerprint of a request that holds a password: without the key, nobody can try passwords against it. */
    fingerprint: (plain: string): string => createHmac('sha256', fingerprintKey).update(plain).digest('hex'),
    pageUrl: (token: string): string => `${publicUrl}/s/${token}`,
    /** The URL of one picture. `name` is the file name of an original. */
    mediaUrl: (link: LinkForMedia, photoId: string, variant: MediaVariant, name?: string): string => {
      const { token, userId, passwordVersion } = link;
      const handle = handles.seal(token, {
        userId,
        photoId,
        variant,
        expiresAt: mediaExpiry(link.expiresAt),
        stripLocation: variant === 'original' && !link.showLocation,
        passwordVersion,
        name: variant === 'original' ? name : undefined,
      });
      const base = passwordVersion === undefined ? mediaBaseUrl : publicUrl;
      return `${base}/s/${token}/media/${handle}`;
    },
    /** What a handle stands for; undefined when it is not of this link, or has expired. */
    openMedia: (token: string, handle: string): ShareMedia | undefined => {
      const media = handles.open(token, handle);
      return media && media.expiresAt.getTime() > now() ? media : undefined;
    },
    unlocks,
  };
}
export type ShareSigning = ReturnType<typeof createShareSigning>;
