/** The rules that all adapters share: keys, names of metadata, ranges, and how an upload is cut into parts. */
import { InvalidKeyError, InvalidRangeError, PartMismatchError } from './errors.js';
import type { ByteRange, ObjectAttributes, StagedUpload, StoredPart } from './port.js';

const SEGMENT = /^[A-Za-z0-9._-]+$/;
/** Nearly all file systems take names of at most 255 bytes, and an adapter may add a suffix. */
const LONGEST_SEGMENT = 240;
/** S3 allows 1024 bytes; the rest is room for an adapter's own prefix. */
const LONGEST_KEY = 900;
const METADATA_NAME = /^[a-z0-9][a-z0-9_-]*$/;

export function isKeySegment(segment: string): boolean {
  return segment.length <= LONGEST_SEGMENT && SEGMENT.test(segment) && segment !== '.' && segment !== '..';
}

/** @throws InvalidKeyError */
export function checkKey(key: string): void {
  if (key.length > LONGEST_KEY || !key.split('/').every(isKeySegment)) throw invalidKey('key', key);
}

/** A prefix is any beginning of a key: it may be empty, or end inside a segment or with `/`. @throws InvalidKeyError */
export function checkPrefix(prefix: string): void {
  const folders = prefix.split('/');
  const beginning = folders.pop() ?? '';
  // A lone '.' or '..' is the beginning of a valid name such as '..a', so only its characters matter.
  const isValid = beginning === '' || (beginning.length <= LONGEST_SEGMENT && SEGMENT.test(beginning));
  if (prefix.length > LONGEST_KEY || !isValid || !folders.every(isKeySegment))
    throw invalidKey('prefix', prefix);
}

function invalidKey(what: string, value: string): InvalidKeyError {
  const shown = JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  return new InvalidKeyError(
    `${shown} is not a valid ${what}: it must be segments of [A-Za-z0-9._-] joined by '/', without '.' and '..'`,
  );
}

/** @throws TypeError for a name that S3 could not store unchanged: a mistake in the calling code, found with every adapter. */
export function checkAttributes(attributes: ObjectAttributes): void {
  for (const name of Object.keys(attributes.metadata ?? {})) {
    if (!METADATA_NAME.test(name))
      throw new TypeError(`metadata name ${JSON.stringify(name)} is not lower-case ASCII`);
  }
}

/** Returns whether an object can have bytes in this range. */
export function isValidRange({ start, end }: ByteRange): boolean {
  return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
}

/**
 * Returns the range without the part behind the last byte of the object (RFC 9110, 14.1.2).
 * @throws InvalidRangeError when no byte of the object is in the range.
 */
export function clampRange(range: ByteRange, size: number): ByteRange {
  const { start, end } = range;
  if (!isValidRange(range) || start >= size) {
    throw new InvalidRangeError(`bytes ${start} to ${end} are not in an object of ${size} bytes`, size);
  }
  return { start, end: Math.min(end, size - 1) };
}

/** How an upload is cut: all parts have `partSize` bytes, the last one may be shorter. */
export type UploadShape = Pick<StagedUpload, 'size' | 'partSize'>;

/** @throws RangeError unless both sizes are whole positive numbers (S3 has no upload without parts; use `put`). */
export function checkShape({ size, partSize }: UploadShape): void {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new RangeError(`an upload of ${size} bytes cannot be staged`);
  if (!Number.isSafeInteger(partSize) || partSize < 1)
    throw new RangeError(`parts cannot have ${partSize} bytes`);
}

export function partCount({ size, partSize }: UploadShape): number {
  return Math.ceil(size / partSize);
}

/** Returns the exact length in bytes of one part. @throws RangeError when the upload has no such part. */
export function partLength(shape: UploadShape, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= partCount(shape)) {
    throw new RangeError(`there is no part ${index} in an upload of ${partCount(shape)} parts`);
  }
  return Math.min(shape.partSize, shape.size - index * shape.partSize);
}

/** Returns the index of the part that starts at `offset`, or undefined when none does. */
export function partIndexAt(shape: UploadShape, offset: number): number | undefined {
  const index = offset / shape.partSize;
  return Number.isInteger(index) && index >= 0 && index < partCount(shape) ? index : undefined;
}

/** @throws PartMismatchError unless these are all parts of the upload, in order. */
export function checkAllParts(shape: UploadShape, parts: readonly StoredPart[]): void {
  const count = partCount(shape);
  if (parts.length === count && parts.every((part, position) => part.index === position)) return;
  const given = parts.map((part) => part.index).slice(0, 20);
  throw new PartMismatchError(`the upload has parts 0 to ${count - 1}, not [${given}]`, count, parts.length);
}
