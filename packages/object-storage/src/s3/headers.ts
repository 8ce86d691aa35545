import { randomBytes } from 'node:crypto';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { StorageUnavailableError } from '../errors.js';
import type { ObjectInfo, StoredPart } from '../port.js';

/** Headers can hold the printable characters of ASCII, and lose spaces at their ends. */
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/;
const ENCODED = /^=\?UTF-8\?B\?([A-Za-z0-9+/]*=*)\?=$/;

/**
 * An entry beside the caller's metadata; no name of theirs begins with `-` (rules.ts). Each staged upload and each put has a mark of its
 * own: a repeated completion finds its object by it, and it tells versions with the same bytes apart.
 */
const UPLOAD = '-upload';

/** Values that are not plain become one encoded word of RFC 2047, as S3's own tools write them. */
export function encodeMetadata(
  metadata: Readonly<Record<string, string>> = {},
  uploadMark?: string,
): Record<string, string> {
  const encoded = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, encodeValue(value)]),
  );
  return uploadMark === undefined ? encoded : { ...encoded, [UPLOAD]: uploadMark };
}

function encodeValue(value: string): string {
  if (PLAIN.test(value) && !value.startsWith('=?')) return value;
  return `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

function decodeValue(value: string): string {
  const [, base64] = ENCODED.exec(value) ?? [];
  return base64 === undefined ? value : Buffer.from(base64, 'base64').toString();
}

/** What HeadObject and GetObject say about an object. */
interface ObjectHeaders {
  ContentLength?: number | undefined;
  /** `bytes 0-9/100` in the response to a range. */
  ContentRange?: string | undefined;
  ContentType?: string | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
  Metadata?: Record<string, string> | undefined;
}

export function toInfo(key: string, headers: ObjectHeaders): ObjectInfo {
  const { ContentLength, ContentRange, ContentType, ETag, LastModified } = headers;
  const size = ContentRange === undefined ? ContentLength : Number(ContentRange.split('/')[1]);
  if (size === undefined || !Number.isSafeInteger(size) || ETag === undefined || LastModified === undefined)
    throw new StorageUnavailableError(`the response has no size, tag or time of ${key}`);
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers.Metadata ?? {})) {
    if (!name.startsWith('-')) metadata[name] = decodeValue(value);
  }
  return {
    key,
    size,
    contentType: ContentType ?? 'application/octet-stream',
    etag: metadata.sha256 ?? unquote(ETag),
    lastModified: LastModified,
    // An object without a mark was put by an older release or by another program: then tag and time have to do.
    version: [ETag, LastModified.getTime(), uploadMarkOf(headers) ?? ''].join(' '),
    metadata,
  };
}

/** Returns the mark of the staged upload or of the put that an object was made by. */
export function uploadMarkOf(headers: ObjectHeaders): string | undefined {
  return headers.Metadata?.[UPLOAD];
}

export function unquote(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}

/** @throws StorageUnavailableError when the response has none. */
export function tagOrThrow(tag: string | undefined): string {
  if (tag === undefined) throw new StorageUnavailableError('the response has no tag of what was stored');
  return tag;
}

/**
 * Returns what the server says about a stored part: its tag and, if there is one, its checksum. Completing sends both back, so that the
 * server compares the bytes and not only their name.
 */
export function toPartTag(tag: string, crc32: string | undefined): string {
  return crc32 === undefined ? unquote(tag) : `${unquote(tag)}#${crc32}`;
}

export function toCompletedPart({ index, etag }: StoredPart): CompletedPart {
  const [tag = '', crc32] = etag.split('#');
  return { PartNumber: index + 1, ETag: `"${tag}"`, ...(crc32 !== undefined && { ChecksumCRC32: crc32 }) };
}

/**
 * An upload's id as the port has it: S3's own, and the mark that its object will have. S3 forgets an id together with the upload; later
 * only the mark says that the object was made of it. The ids of a listing, which can only be aborted, have no mark.
 */
export function formatUploadId(id: string, mark: string): string {
  return `${id}#${mark}`;
}

export function parseUploadId(uploadId: string): { id: string; mark?: string } {
  const end = uploadId.lastIndexOf('#');
  return end < 0 ? { id: uploadId } : { id: uploadId.slice(0, end), mark: uploadId.slice(end + 1) };
}

export function newUploadMark(): string {
  return randomBytes(16).toString('hex');
}
