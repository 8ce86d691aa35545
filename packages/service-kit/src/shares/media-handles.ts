import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { MEDIA_VARIANTS, type MediaVariant } from '@lazyphotos/contracts';
import { parse as uuidBytes, stringify as uuidText } from 'uuid';

/** A key of 256 bits for one purpose, derived from the media signing key (HKDF, RFC 5869). */
export const deriveKey = (signingKey: string, purpose: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', signingKey, '', `lazyphotos ${purpose}`, 32)));

/** What a handle of a share link's picture stands for. */
export interface ShareMedia {
  userId: string;
  photoId: string;
  variant: MediaVariant;
  /** Whole seconds. */
  expiresAt: Date;
  /** Whether the bytes must hold no location. Concerns originals; previews never hold one. */
  stripLocation: boolean;
  /** If given, the picture needs an unlock of this version of the link's password. */
  passwordVersion?: number | undefined;
  /** The file name under which an original is saved. */
  name?: string | undefined;
}

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const UUID_BYTES = 16;
/** Seconds since 1970 in five bytes last until the year 36812. */
const SECONDS_BYTES = 5;
const HEAD_BYTES = 2 + SECONDS_BYTES + 4 + 2 * UUID_BYTES;
const STRIPS = 0b0100;
const HAS_PASSWORD = 0b1000;
const VARIANT_MASK = 0b0011;

/** Format, flags, expiry, password version, both ids, then the name. A page has hundreds of handles: JSON is three times as long. */
function encode(media: ShareMedia): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const flags =
    MEDIA_VARIANTS.indexOf(media.variant) |
    (media.stripLocation ? STRIPS : 0) |
    (media.passwordVersion === undefined ? 0 : HAS_PASSWORD);
  let at = head.writeUInt8(FORMAT);
  at = head.writeUInt8(flags, at);
  at = head.writeUIntBE(Math.floor(media.expiresAt.getTime() / 1000), at, SECONDS_BYTES);
  at = head.writeUInt32BE(media.passwordVersion ?? 0, at);
  head.set(uuidBytes(media.userId), at);
  head.set(uuidBytes(media.photoId), at + UUID_BYTES);
  return Buffer.concat([head, Buffer.from(media.name ?? '')]);
}

function decode(bytes: Buffer): ShareMedia | undefined {
  if (bytes.length < HEAD_BYTES || bytes.readUInt8(0) !== FORMAT) return undefined;
  const flags = bytes.readUInt8(1);
  const variant = MEDIA_VARIANTS[flags & VARIANT_MASK];
  if (!variant) return undefined;
  const ids = HEAD_BYTES - 2 * UUID_BYTES;
  const name = bytes.toString('utf8', HEAD_BYTES);
  return {
    variant,
    stripLocation: (flags & STRIPS) !== 0,
    expiresAt: new Date(bytes.readUIntBE(2, SECONDS_BYTES) * 1000),
    ...(flags & HAS_PASSWORD ? { passwordVersion: bytes.readUInt32BE(2 + SECONDS_BYTES) } : {}),
    userId: uuidText(bytes, ids),
    photoId: uuidText(bytes, ids + UUID_BYTES),
    ...(name === '' ? {} : { name }),
  };
}

/**
 * Seals what a URL of a share link stands for, so that the gateway can serve the picture without asking another service, and
 * visitors cannot read the owner's id. AES-256-GCM with the share token as additional data: a handle can be opened only with the
 * token of its own link.
 *
 * The nonce is the HMAC-SHA256 of token and content, cut to 96 bits: a synthetic nonce as in RFC 5297 (SIV) and RFC 8452
 * (AES-GCM-SIV), which Node does not offer. Equal content gives an equal handle, so that URLs stay the same within a time bucket
 * and caches can keep them; different content gets different nonces but for a collision of 96 bits (NIST SP 800-38D,
 * section 8, asks for a nonce that does not repeat under one key with another message). The two keys are independent.
 */
export class MediaHandles {
  readonly #sealKey: KeyObject;
  readonly #nonceKey: KeyObject;

  constructor(signingKey: string) {
    this.#sealKey = deriveKey(signingKey, 'share media seal');
    this.#nonceKey = deriveKey(signingKey, 'share media nonce');
  }

  seal(token: string, media: ShareMedia): string {
    const content = encode(media);
    const aad = Buffer.from(token);
    // The token has a fixed length, so that two different pairs of token and content never give the same bytes.
    const nonce = createHmac('sha256', this.#nonceKey)
      .update(aad)
      .update(content)
      .digest()
      .subarray(0, NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce, { authTagLength: TAG_BYTES }).setAAD(
      aad,
    );
    const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Returns undefined for a handle that was not sealed with these keys for this token. The caller checks the expiry. */
  open(token: string, handle: string): ShareMedia | undefined {
    const bytes = Buffer.from(handle, 'base64url');
    // One spelling for each handle: base64 decoders skip unknown characters, and a cache would store each spelling.
    if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== handle) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(token)).setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const content = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return decode(Buffer.concat([content, decipher.final()]));
    } catch {
      return undefined;
    }
  }
}
