import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { MEDIA_VARIANTS, type MediaUrlFor, type MediaVariant } from '@lazyphotos/contracts';
import { LRUCache } from 'lru-cache';

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

/** Of the pages that clients are reading, at 200 to 1,000 URLs each. One takes a third of a kilobyte, with a long file name up to 3 KB. */
const REMEMBERED_SIGNATURES = 5000;

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const MEDIA_PATH = new RegExp(
  `^/media/(${UUID})/(${UUID})/(${MEDIA_VARIANTS.join('|')}|embedded-\\d{1,10})$`,
);

const signedText = (userId: string, photoId: string, variant: string, expires: number, name?: string) =>
  `/media/${userId}/${photoId}/${variant}?${queryOf(String(expires), name)}`;

const queryOf = (expires: string, name: string | undefined): string =>
  name === undefined ? `exp=${expires}` : `exp=${expires}&name=${encodeURIComponent(name)}`;

/**
 * Signs texts. The same URLs are signed again and again, for each device that reads a page, and verified for each picture of it, so
 * signatures that were made or found right are remembered.
 */
class Signer {
  readonly #key: KeyObject;
  readonly #signatures = new LRUCache<string, string>({ max: REMEMBERED_SIGNATURES });

  constructor(key: KeyObject) {
    this.#key = key;
  }

  sign(text: string): string {
    const known = this.#signatures.get(text);
    return known ?? this.#remember(text, this.signOnce(text));
  }

  /** Signs without looking for the signature or remembering it. */
  signOnce(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }

  /** A wrong signature is not remembered, so made-up URLs push out no others. */
  isSigned(text: string, signature: string): boolean {
    const known = this.#signatures.get(text);
    const expected = known ?? this.signOnce(text);
    const [given, wanted] = [Buffer.from(signature), Buffer.from(expected)];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
    if (known === undefined) this.#remember(text, expected);
    return true;
  }

  #remember(text: string, signature: string): string {
    this.#signatures.set(text, signature);
    return signature;
  }
}

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
  /**
   * The same for a list that is read once and may be as long as a library: its signatures would push out those that are asked for again,
   * and to remember one takes half as long as to compute it.
   */
  urlForOnce: MediaUrlFor;
  /** Returns the location that a URL names; undefined if its signature is wrong or it has expired. */
  verify(path: string, expires: unknown, signature: unknown, name?: unknown): MediaLocation | undefined;
}

export function createMediaUrls(options: MediaUrlOptions): MediaUrls {
  const { baseUrl, lifetimeSeconds, now = Date.now } = options;
  const signer = new Signer(createSecretKey(options.signingKey, 'utf8'));

  const urlOf = (signed: string, signature: string): string => `${baseUrl}${signed}&sig=${signature}`;

  function expiryOf(variant: SignedVariant): number {
    const isCopy = variant.startsWith('embedded-');
    const step = isCopy ? Math.min(lifetimeSeconds, COPY_LIFETIME_SECONDS) : lifetimeSeconds;
    return (Math.floor(now() / 1000 / step) + 2) * step;
  }

  function sign(userId: string, photoId: string, variant: SignedVariant, name?: string) {
    const expires = expiryOf(variant);
    const signed = signedText(userId, photoId, variant, expires, name);
    return { url: urlOf(signed, signer.sign(signed)), expiresAt: new Date(expires * 1000) };
  }

  function urlForOnce(userId: string, photoId: string, variant: SignedVariant): string {
    const signed = signedText(userId, photoId, variant, expiryOf(variant));
    return urlOf(signed, signer.signOnce(signed));
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
    if (!signer.isSigned(`${path}?${queryOf(expires, name)}`, signature)) return undefined;
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

  const urlFor: MediaUrlFor = (userId, photoId, variant) => sign(userId, photoId, variant).url;
  return { sign, verify, urlFor, urlForOnce };
}
