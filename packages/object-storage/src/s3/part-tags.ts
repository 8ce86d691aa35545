import type { CompletedPart } from '@aws-sdk/client-s3';
import type { StoredPart } from '../port.js';
import { unquote } from './headers.js';

/**
 * What the server says about a stored part, in one word: its tag and, when it tells one, its checksum. Completing sends both
 * back, so that the server compares the bytes and not just their name.
 */
export function toPartTag(tag: string, crc32: string | undefined): string {
  return [unquote(tag), ...(crc32 === undefined ? [] : [crc32])].join('#');
}

export function toCompletedPart({ index, etag }: StoredPart): CompletedPart {
  const [tag = '', crc32] = etag.split('#');
  return { PartNumber: index + 1, ETag: `"${tag}"`, ...(crc32 !== undefined && { ChecksumCRC32: crc32 }) };
}
