/** The failures of an object store. Callers compare `code`, which never changes; messages are for people and logs. */
export type ObjectStoreErrorCode =
  | 'object_not_found'
  | 'invalid_key'
  | 'invalid_range'
  | 'part_mismatch'
  | 'storage_full'
  | 'storage_unavailable';

export abstract class ObjectStoreError extends Error {
  abstract readonly code: ObjectStoreErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** Returns whether the error is an object store's, and one of these failures. */
export function isObjectStoreError(
  error: unknown,
  ...codes: readonly ObjectStoreErrorCode[]
): error is ObjectStoreError {
  return error instanceof ObjectStoreError && codes.includes(error.code);
}

/** No object under this key, or no staged upload with this id. */
export class ObjectNotFoundError extends ObjectStoreError {
  readonly code = 'object_not_found';
}

/** The key breaks the rules of ObjectStore, or would be a folder of another key. */
export class InvalidKeyError extends ObjectStoreError {
  readonly code = 'invalid_key';
}

/** The range holds no byte of the object. */
export class InvalidRangeError extends ObjectStoreError {
  readonly code = 'invalid_range';
  /** Bytes of the object, which a response with status 416 has to name. */
  readonly size: number;

  constructor(message: string, size: number) {
    super(message);
    this.size = size;
  }
}

/**
 * A part's stream did not have the length that the part must have (`actual` is a lower bound when it was too long, since reading
 * stops there), or the parts to complete are not those that are stored.
 */
export class PartMismatchError extends ObjectStoreError {
  readonly code = 'part_mismatch';
  readonly expected: number;
  readonly actual: number;

  constructor(message: string, expected: number, actual: number) {
    super(message);
    this.expected = expected;
    this.actual = actual;
  }
}

/** The disk is full or the quota is used up. Nothing of the failed write remains. */
export class StorageFullError extends ObjectStoreError {
  readonly code = 'storage_full';
}

/** Any other fault of the storage; `cause` is the original error. */
export class StorageUnavailableError extends ObjectStoreError {
  readonly code = 'storage_unavailable';
  /** The storage is there and does not allow, or does not understand, this request: the same one would not succeed later. */
  readonly isRefusal: boolean;

  constructor(
    message: string,
    { isRefusal = false, ...options }: ErrorOptions & { isRefusal?: boolean } = {},
  ) {
    super(message, options);
    this.isRefusal = isRefusal;
  }
}
