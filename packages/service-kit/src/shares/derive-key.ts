import { hkdfSync } from 'node:crypto';

/** A key of 256 bits for one purpose, derived from the media signing key (HKDF, RFC 5869). */
export const deriveKey = (signingKey: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', signingKey, '', `lazyphotos ${purpose}`, 32));
