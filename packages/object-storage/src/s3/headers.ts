import { StorageUnavailableError } from '../errors.js';
import type { ObjectInfo } from '../port.js';

/** Headers take the printable letters of ASCII, and are trimmed on their way. */
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/;
const ENCODED = /^=\?UTF-8\?B\?([A-Za-z0-9+/]*=*)\?=$/;

/**
 * Our own entries beside the caller's metadata begin with a letter that no name of theirs has (attributes.ts). This one tells
 * which staged upload an object came from, so that completing it again finds it.
 */
const UPLOAD = '-upload';

/** Other than plain ones, values become one encoded word of RFC 2047, as S3's own tools write them. */
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
export interface ObjectHeaders {
  ContentLength?: number | undefined;
  /** `bytes 0-9/100` in the answer to a range. */
  ContentRange?: string | undefined;
  ContentType?: string | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
  Metadata?: Record<string, string> | undefined;
}

/** An object as the port tells it. */
export function toInfo(key: string, headers: ObjectHeaders): ObjectInfo {
  const { ContentLength, ContentRange, ContentType, ETag, LastModified } = headers;
  const size = ContentRange === undefined ? ContentLength : Number(ContentRange.split('/')[1]);
  if (size === undefined || !Number.isSafeInteger(size) || ETag === undefined || LastModified === undefined)
    throw new StorageUnavailableError(`the server does not tell size, tag and time of ${key}`);
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
    metadata,
  };
}

/** The staged upload that an object came from, or undefined when it was put. */
export function uploadMarkOf(headers: ObjectHeaders): string | undefined {
  return headers.Metadata?.[UPLOAD];
}

export function unquote(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
