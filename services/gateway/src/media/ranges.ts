import type { IncomingMessage } from 'node:http';
import type { ByteRange, ObjectInfo } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';

export const etagOf = (info: ObjectInfo): string => `"${info.etag}"`;

const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Returns the range to send, or undefined for the whole object (RFC 9110, section 14). The whole is sent for several ranges, for
 * malformed ones and for an `If-Range` that names another version. A suffix or an end beyond the object means up to its end.
 * @throws ProblemError `range_not_satisfiable`
 */
export function wantedRange({ method, headers }: IncomingMessage, info: ObjectInfo): ByteRange | undefined {
  const { size } = info;
  const condition = headers['if-range'];
  if (method !== 'GET' || (condition !== undefined && condition !== etagOf(info))) return undefined;
  const [, first = '', last = ''] = ONE_RANGE.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start <= end) return { start, end };
  throw new ProblemError('range_not_satisfiable', `The file has ${size} bytes.`, {
    headers: { 'Content-Range': `bytes */${size}` },
  });
}

/** Returns the range that can be opened without knowing the object: undefined for a suffix, and for what is malformed. */
export function rangeToOpen(header: string | undefined): ByteRange | undefined {
  const [, first = '', last = ''] = ONE_RANGE.exec(header ?? '') ?? [];
  const start = Number(first);
  const end = last === '' ? Number.MAX_SAFE_INTEGER : Math.min(Number(last), Number.MAX_SAFE_INTEGER);
  return first === '' || start > end ? undefined : { start, end };
}
