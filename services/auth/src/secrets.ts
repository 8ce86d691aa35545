import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** Crockford's base 32: five bits per symbol, without I, L, O and U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUP = 4;

/** Returns 256 random bits as base64url. */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');

/** Returns a code for people to read and type, such as 4F9K-01XM-ZQ7B: 20 random bits per group. */
export function newCode(groups: number): string {
  const symbol = () => ALPHABET.charAt(randomInt(ALPHABET.length));
  const group = () => Array.from({ length: GROUP }, symbol).join('');
  return Array.from({ length: groups }, group).join('-');
}

/** Returns the same text for every way to write a code: case, spaces and dashes do not count, O is 0, I and L are 1. */
export const normalizeCode = (code: string): string =>
  code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');

/** Compares in constant time. */
export const isSameCode = (a: string, b: string): boolean =>
  timingSafeEqual(secretHash(normalizeCode(a)), secretHash(normalizeCode(b)));

/**
 * Returns what is stored of a random secret. A fast hash is enough, because 128 bits or more cannot be guessed by trying. A look-up by
 * hash also reveals nothing through its timing.
 */
export const secretHash = (secret: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(secret).digest());
