import { InvalidKeyError } from './errors.js';

const SEGMENT = /^[A-Za-z0-9._-]+$/;
/** File names end at 255 bytes nearly everywhere, and an adapter may add a suffix. */
const LONGEST_SEGMENT = 240;
/** S3 allows 1024 bytes; the rest is room for an adapter's own prefix. */
const LONGEST_KEY = 900;

export function isKeySegment(segment: string): boolean {
  return segment.length <= LONGEST_SEGMENT && SEGMENT.test(segment) && segment !== '.' && segment !== '..';
}

/** @throws InvalidKeyError */
export function checkKey(key: string): void {
  if (key.length > LONGEST_KEY || !key.split('/').every(isKeySegment)) throw refusal('key', key);
}

/** A prefix is any beginning of a key: it may be empty, or end inside a segment or with `/`. @throws InvalidKeyError */
export function checkPrefix(prefix: string): void {
  const folders = prefix.split('/');
  const beginning = folders.pop() ?? '';
  // A lone '.' or '..' is the beginning of a good name such as '..a', so only its letters matter.
  const fine = beginning === '' || (beginning.length <= LONGEST_SEGMENT && SEGMENT.test(beginning));
  if (prefix.length > LONGEST_KEY || !fine || !folders.every(isKeySegment)) throw refusal('prefix', prefix);
}

function refusal(what: string, value: string): InvalidKeyError {
  const shown = JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  return new InvalidKeyError(
    `${shown} is no ${what}: segments of [A-Za-z0-9._-] joined by '/' are, '.' and '..' are not`,
  );
}
