import { PartMismatchError } from './errors.js';
import type { StagedUpload, StoredPart } from './port.js';

type Shape = Pick<StagedUpload, 'size' | 'partSize'>;

/** @throws RangeError: sizes are whole positive numbers (an empty object is `put`, S3 has no upload without parts). */
export function checkShape({ size, partSize }: Shape): void {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new RangeError(`an upload of ${size} bytes cannot be staged`);
  if (!Number.isSafeInteger(partSize) || partSize < 1)
    throw new RangeError(`parts cannot have ${partSize} bytes`);
}

export function partCount({ size, partSize }: Shape): number {
  return Math.ceil(size / partSize);
}

/** The exact length in bytes of one part. @throws RangeError when the upload has no such part. */
export function partLength(shape: Shape, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= partCount(shape)) {
    throw new RangeError(`there is no part ${index} in an upload of ${partCount(shape)} parts`);
  }
  return Math.min(shape.partSize, shape.size - index * shape.partSize);
}

/** @throws PartMismatchError unless these are all parts of the upload, in order. */
export function checkAllParts(shape: Shape, parts: readonly StoredPart[]): void {
  const count = partCount(shape);
  if (parts.length === count && parts.every((part, position) => part.index === position)) return;
  const given = parts.map((part) => part.index).slice(0, 20);
  throw new PartMismatchError(`the upload has parts 0 to ${count - 1}, not [${given}]`, count, parts.length);
}
