import { createHash, randomBytes } from 'node:crypto';

/**
 * What is stored of a random secret. A fast hash is enough: nobody can try out 128 bits or more. The look-up by hash also leaves
 * no timing to learn from.
 */
export const secretHash = (secret: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(secret).digest());

/** 256 bits, base64url. */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');
