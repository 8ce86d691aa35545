import type { Readable } from 'node:stream';

/** What is known of a stored object. */
export interface ObjectInfo {
  key: string;
  /** bytes */
  size: number;
  contentType: string;
  /** Strong entity tag without quotes: the `sha256` metadata when it was given, else the store's own tag. */
  etag: string;
  lastModified: Date;
  /**
   * As given at write time. Names are lower-case ASCII; values are any Unicode text. Keep all of it under 1 KB: S3 takes 2 KB,
   * and values grow when they are encoded for it.
   */
  metadata: Readonly<Record<string, string>>;
}

export interface ObjectAttributes {
  contentType: string;
  metadata?: Readonly<Record<string, string>>;
}

/** Inclusive byte positions, as in an HTTP Range header that has been resolved against the size. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A staged upload: parts may arrive in any order; nothing is visible under the key before `completeUpload`. */
export interface StagedUpload {
  uploadId: string;
  key: string;
  /** Total size in bytes, at least 1, known from the start. */
  size: number;
  /** Every part has this length but the last one, which may be shorter. */
  partSize: number;
}

export interface StoredPart {
  /** From 0. */
  index: number;
  /** Identifies exactly the bytes that this write stored. */
  etag: string;
}

/** A staged upload that was neither completed nor aborted yet. Its id is good for `abortUpload` alone. */
export interface UploadUnderWay {
  uploadId: string;
  key: string;
  begunAt: Date;
}

/**
 * Where photos' bytes live. Writes are durable when their promise resolves: they survive `kill -9` and a power cut.
 * Failures are `ObjectNotFoundError`, `StorageFullError`, `StorageUnavailableError`, `PartMismatchError` or
 * `InvalidRangeError` (errors.ts); a source stream's own failure is passed on as it is.
 * Keys are `/`-separated segments of [A-Za-z0-9._-], at most 240 letters each and 900 in all; anything else, `.` and `..`
 * segments included, is refused with `InvalidKeyError`. A key must not be a folder of another one (`a` and `a/b`): S3 would
 * allow it, a file system cannot.
 * A stream that is given to a store and not read to its end, because the write failed, is not destroyed: it may be a request
 * whose answer is still to be sent.
 */
export interface ObjectStore {
  /** Stores a whole object from a stream or a small buffer; replaces what was there, atomically. */
  put(key: string, body: Readable | Buffer, attributes: ObjectAttributes): Promise<ObjectInfo>;
  /** @throws ObjectNotFoundError */
  head(key: string): Promise<ObjectInfo>;
  /**
   * The bytes as a stream; the caller consumes or destroys it. A range may end behind the last byte.
   * @throws ObjectNotFoundError
   * @throws InvalidRangeError when the range has no byte of the object.
   */
  get(key: string, range?: ByteRange): Promise<{ info: ObjectInfo; body: Readable }>;
  /** Deletes what is there; a missing object is no error. */
  delete(key: string): Promise<void>;
  /** Every object whose key starts with `prefix`, in key order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;

  beginUpload(
    key: string,
    size: number,
    partSize: number,
    attributes: ObjectAttributes,
  ): Promise<StagedUpload>;
  /**
   * Streams one part. A part may be written again: the last write wins.
   * A repetition that fails leaves what was stored before.
   * @throws PartMismatchError when the stream does not have exactly the length that the part must have.
   * @throws ObjectNotFoundError when there is no such upload (any more).
   * @throws RangeError when the upload has no part of this index.
   */
  writePart(upload: StagedUpload, index: number, body: Readable): Promise<StoredPart>;
  /**
   * Makes the object visible under its key. Repeating it after success answers the same, as long as the object is there.
   * `parts` are all parts, in order; the object is made of exactly the bytes that their etags stand for.
   * @throws PartMismatchError when parts are missing or no longer stored: they have to be sent again.
   * @throws ObjectNotFoundError when there is no such upload.
   */
  completeUpload(upload: StagedUpload, parts: readonly StoredPart[]): Promise<ObjectInfo>;
  /** Forgets the parts; neither an unknown nor a completed upload is an error (and a completed object stays). */
  abortUpload(upload: Pick<StagedUpload, 'uploadId' | 'key'>): Promise<void>;

  /**
   * The uploads under way to keys that start with `prefix`, in no order, so that those can be aborted whose owner died before it
   * could note their id. A server may forget to name some (MinIO after a restart); those are its own to clear.
   */
  listUploads(prefix: string): AsyncIterable<UploadUnderWay>;

  /**
   * Rejects with StorageUnavailableError, or StorageFullError, when the store cannot be written to; or not be read from, if it
   * was opened for reading only.
   */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** An optional ability: an adapter whose objects are local files names the file, so that it need not be copied to be read. */
export interface LocalFiles {
  /** Absolute path of the object's bytes; they must not be modified. @throws ObjectNotFoundError */
  localPath(key: string): Promise<string>;
}

/** An optional ability: an adapter that knows how much room there is. Others find out by `StorageFullError` alone. */
export interface FreeSpace {
  /**
   * Returns how many bytes can still be written to the disk, by this process; others may take them first.
   * @throws StorageUnavailableError
   */
  freeBytes(): Promise<number>;
}

export interface PresignedGetOptions {
  /** At most a week; less when the credentials that sign are temporary and end before. */
  expiresInSeconds: number;
  /** Headers that the answer shall have, in place of the stored ones. */
  contentDisposition?: string | undefined;
  contentType?: string | undefined;
  cacheControl?: string | undefined;
}

/** An optional ability: clients fetch objects from the store itself, by URLs that carry the right to do so. */
export interface PresignedUrls {
  /** For GET, with or without a Range header, and not for HEAD. Whether there is such an object is not looked at. */
  presignedGet(key: string, options: PresignedGetOptions): Promise<string>;
}
