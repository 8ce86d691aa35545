import type { Readable } from 'node:stream';
import { isObjectStoreError } from './errors.js';

export interface ObjectInfo {
  key: string;
  /** bytes */
  size: number;
  contentType: string;
  /** Strong entity tag without quotes: the `sha256` metadata if there is one, else a tag that the store makes. */
  etag: string;
  lastModified: Date;
  /** From stores with `VersionCheck`: names this version of the object among all that its key has had. */
  version?: string;
  /**
   * As it was given when the object was written. Names are lower-case ASCII; values are any Unicode text. Keep all of it under
   * 1 KB: S3 takes 2 KB, and values become longer when they are encoded for it.
   */
  metadata: Readonly<Record<string, string>>;
  /**
   * No attributes are stored that fit the bytes: after a power cut they may be incomplete or empty. What is in an original is worth
   * showing even so; a damaged object that was stored as `reproducible` counts as missing.
   */
  isDamaged?: true;
}

export interface ObjectAttributes {
  contentType: string;
  metadata?: Readonly<Record<string, string>>;
}

export interface PutOptions {
  /** Of a stream, in bytes: it is sent on as it comes. Without it an adapter may gather up to 5 MiB. */
  size?: number;
  /**
   * The object can be made again from another one. It replaces an older one atomically, but need not survive a power cut, which may
   * leave it missing or damaged.
   */
  reproducible?: boolean;
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

/** A staged upload that was neither completed nor aborted yet. Its id can only be given to `abortUpload`. */
export interface UploadUnderWay {
  uploadId: string;
  key: string;
  begunAt: Date;
}

/**
 * Where photos' bytes live. Writes are durable when their promise resolves: they survive `kill -9` and, unless they are `reproducible`, a
 * power cut.
 * Failures are those of errors.ts; an error of the source stream is thrown unchanged.
 * Keys are segments of [A-Za-z0-9._-] joined by `/`, at most 240 characters each and 900 in all; anything else, `.` and `..`
 * segments included, is refused with `InvalidKeyError`. A key must not be a folder of another one (`a` and `a/b`): S3 would
 * allow it, a file system cannot.
 * When a write fails, its source stream is not destroyed: it may be a request whose response is still to be sent.
 */
export interface ObjectStore {
  /**
   * Stores a whole object from a stream or a small buffer; replaces an existing object atomically. A stream that fails before its last
   * byte stores nothing.
   * @throws PartMismatchError when the stream does not have exactly `size` bytes.
   */
  put(
    key: string,
    body: Readable | Buffer,
    attributes: ObjectAttributes,
    options?: PutOptions,
  ): Promise<ObjectInfo>;
  /** @throws ObjectNotFoundError */
  head(key: string): Promise<ObjectInfo>;
  /**
   * Opens the bytes as a stream, which the caller reads to its end or destroys. A range may end behind the last byte.
   * @throws ObjectNotFoundError
   * @throws InvalidRangeError when the range has no byte of the object.
   */
  get(key: string, range?: ByteRange): Promise<{ info: ObjectInfo; body: Readable }>;
  /** Deletes an object; a missing one is no error. */
  delete(key: string): Promise<void>;
  /** Yields every object whose key starts with `prefix`, in the order of the keys. */
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
   * @throws ObjectNotFoundError when there is no such upload, or no longer.
   * @throws RangeError when the upload has no part of this index.
   */
  writePart(upload: StagedUpload, index: number, body: Readable): Promise<StoredPart>;
  /**
   * Makes the object visible under its key. A repetition after success returns the same, as long as the object exists.
   * `parts` are all parts, in order; the object consists of exactly the bytes that their etags identify.
   * @throws PartMismatchError when parts are missing or no longer stored: they must be sent again.
   * @throws ObjectNotFoundError when there is no such upload.
   */
  completeUpload(upload: StagedUpload, parts: readonly StoredPart[]): Promise<ObjectInfo>;
  /** Deletes the parts. An unknown or completed upload is no error, and a completed object stays. */
  abortUpload(upload: Pick<StagedUpload, 'uploadId' | 'key'>): Promise<void>;

  /**
   * Yields the uploads under way to keys that start with `prefix`, in no order, so that an upload can be aborted whose process ended
   * before it stored the id. A server may leave some out (MinIO after a restart); it clears those without our help.
   */
  listUploads(prefix: string): AsyncIterable<UploadUnderWay>;

  /**
   * Checks that the store can be written to; or read from, if it was opened for reading only.
   * @throws StorageUnavailableError; StorageFullError when it can only be read and deleted from
   */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** An optional ability of an adapter whose objects are local files: they can be read without a copy. */
export interface LocalFiles {
  /** Returns the absolute path of the object's bytes, which must not be modified. @throws ObjectNotFoundError */
  localPath(key: string): Promise<string>;
}

export function hasLocalFiles(store: ObjectStore): store is ObjectStore & LocalFiles {
  return 'localPath' in store && typeof store.localPath === 'function';
}

/** Looks only whether the store has an object under this key, which takes least where objects are local files. @throws ObjectNotFoundError */
export async function requireStored(store: ObjectStore, key: string): Promise<void> {
  await (hasLocalFiles(store) ? store.localPath(key) : store.head(key));
}

/** Resolves to whether the store has an object under this key. */
export async function isStored(store: ObjectStore, key: string): Promise<boolean> {
  try {
    await store.head(key);
    return true;
  } catch (error) {
    if (isObjectStoreError(error, 'object_not_found')) return false;
    throw error;
  }
}

export interface DiskSpace {
  /** How many bytes can still be written by this process; others may take them first. */
  free: number;
  /** The size of the disk, in bytes. */
  total: number;
}

/** An optional ability of an adapter that knows its disk. Others only throw `StorageFullError`. */
export interface FreeSpace {
  /** @throws StorageUnavailableError */
  diskSpace(): Promise<DiskSpace>;
}

export function hasFreeSpace(store: ObjectStore): store is ObjectStore & FreeSpace {
  return 'diskSpace' in store && typeof store.diskSpace === 'function';
}

/** An optional ability of an adapter for which it costs less to tell whether an object has changed than to read it. */
export interface VersionCheck {
  /** Returns whether the key still has the version that `info` describes: it was neither replaced nor deleted since. */
  isCurrent(info: Pick<ObjectInfo, 'key' | 'version'>): Promise<boolean>;
}

export function hasVersionCheck(store: ObjectStore): store is ObjectStore & VersionCheck {
  return 'isCurrent' in store && typeof store.isCurrent === 'function';
}

/** An optional ability of an adapter that sees every change, because no other process changes the objects. */
export interface ChangeNotices {
  /**
   * Calls `listener` with the key of each object that is put or deleted: when readers see the change, and before its promise settles.
   * It is also called for a change that fails, which may have been made nevertheless.
   */
  onChange(listener: (key: string) => void): void;
}

export function hasChangeNotices(store: ObjectStore): store is ObjectStore & ChangeNotices {
  return 'onChange' in store && typeof store.onChange === 'function';
}

export interface PresignedGetOptions {
  /** At most a week; less when the credentials that sign are temporary and expire sooner. */
  expiresInSeconds: number;
  /** Headers of the response, in place of the stored ones. */
  contentDisposition?: string | undefined;
  contentType?: string | undefined;
  cacheControl?: string | undefined;
}

/** An optional ability: clients fetch objects from the store itself, by URLs that grant the right to read. */
export interface PresignedUrls {
  /** Returns a URL for GET, with or without a Range header, and not for HEAD. It does not check that the object exists. */
  presignedGet(key: string, options: PresignedGetOptions): Promise<string>;
}

export function hasPresignedUrls(store: ObjectStore): store is ObjectStore & PresignedUrls {
  return 'presignedGet' in store && typeof store.presignedGet === 'function';
}
