import { InvalidRangeError } from './errors.js';
import type { ByteRange } from './port.js';

/** Whether the range can be in some object at all. */
export function isSoundRange({ start, end }: ByteRange): boolean {
  return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
}

/**
 * The part of the range that the object has: an end behind the last byte means the last byte (RFC 9110, 14.1.2).
 * @throws InvalidRangeError when no byte of the object is in the range.
 */
export function clampRange(range: ByteRange, size: number): ByteRange {
  const { start, end } = range;
  if (!isSoundRange(range) || start >= size) {
    throw new InvalidRangeError(`bytes ${start} to ${end} are not in an object of ${size} bytes`, size);
  }
  return { start, end: Math.min(end, size - 1) };
}
