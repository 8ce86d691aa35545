import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** Crockford's base 32: five bits a symbol, no I, L, O or U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUP = 4;

/** A code for people to read and type, such as 4F9K-01XM-ZQ7B: 20 random bits a group. */
export function newCode(groups: number): string {
  const symbol = () => ALPHABET.charAt(randomInt(ALPHABET.length));
  const group = () => Array.from({ length: GROUP }, symbol).join('');
  return Array.from({ length: groups }, group).join('-');
}

/** The same for every way in which people write one code down: without case, blanks, dashes, and with O for 0, I or L for 1. */
export const normalizeCode = (code: string): string =>
  code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');

const digest = (code: string) => createHash('sha256').update(normalizeCode(code)).digest();

/** Compares in constant time. */
export const sameCode = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
