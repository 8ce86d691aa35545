import { createHash, createHmac } from 'node:crypto';
import type { MediaVariant } from '@lazyphotos/contracts';
import { ProblemError } from '../errors.js';
import { deriveKey, MediaHandles, type ShareMedia } from './media-handles.js';
import { Unlocks } from './unlocks.js';

export type ShareProblemCode = 'not_found' | 'share_password_required' | 'wrong_share_password';

/**
 * The problems of a share link's public routes. Unknown, revoked and expired links, and those whose photo is in the trash, are
 * `not_found` in the same words, which are also those of a malformed token.
 */
const SHARE_PROBLEMS: Record<ShareProblemCode, string> = {
  not_found: 'There is no such thing.',
  share_password_required: 'Unlock this share link with its password first.',
  wrong_share_password: 'This is not the password of this share link.',
};

export const shareProblem = (code: ShareProblemCode): ProblemError =>
  new ProblemError(code, SHARE_PROBLEMS[code]);

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

export interface ShareSigning {
  /**
   * Returns the token of a link, made of 256 random bits and a key: neither the database alone nor the key alone reveals it. The
   * same seed gives the same token.
   */
  tokenOf(seed: Uint8Array): string;
  /** Returns what is stored of a token. A fast hash is enough, because 256 random bits cannot be guessed. */
  tokenHash(token: string): Uint8Array<ArrayBuffer>;
  /** Returns the fingerprint of a request that holds a password: without the key, it cannot be used to guess the password. */
  fingerprint(plain: string): string;
  pageUrl(token: string): string;
  /** Returns the URL of one picture. `name` is the file name of an original. */
  mediaUrl(link: LinkForMedia, photoId: string, variant: MediaVariant, name?: string): string;
  /** Returns what a handle stands for; undefined if it is not of this link, or has expired. */
  openMedia(token: string, handle: string): ShareMedia | undefined;
  unlocks: Unlocks;
}

/** Makes everything about share links that is signed, sealed or derived. */
export function createShareSigning(options: ShareSigningOptions): ShareSigning {
  const { signingKey, publicUrl, mediaBaseUrl, lifetimeSeconds, now = Date.now } = options;
  const tokenKey = deriveKey(signingKey, 'share token');
  const fingerprintKey = deriveKey(signingKey, 'share request');
  const handles = new MediaHandles(signingKey);
  const step = Math.max(1, Math.floor(lifetimeSeconds / 2));

  /** The end of the next step of time, so that the URL stays the same for a while; never after the link's own end. */
  function mediaExpiry(linkExpiresAt: Date | null): Date {
    const end = (Math.floor(now() / 1000 / step) + 2) * step * 1000;
    return new Date(linkExpiresAt ? Math.min(end, linkExpiresAt.getTime()) : end);
  }

  function mediaUrl(link: LinkForMedia, photoId: string, variant: MediaVariant, name?: string): string {
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
  }

  function openMedia(token: string, handle: string): ShareMedia | undefined {
    const media = handles.open(token, handle);
    return media && media.expiresAt.getTime() > now() ? media : undefined;
  }

  return {
    tokenOf: (seed) => createHmac('sha256', tokenKey).update(seed).digest('base64url'),
    tokenHash: (token) => new Uint8Array(createHash('sha256').update(token).digest()),
    fingerprint: (plain) => createHmac('sha256', fingerprintKey).update(plain).digest('hex'),
    pageUrl: (token) => `${publicUrl}/s/${token}`,
    mediaUrl,
    openMedia,
    unlocks: new Unlocks(signingKey, now),
  };
}
