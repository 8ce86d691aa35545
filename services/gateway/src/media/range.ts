import type { Request } from 'express';

export type RangeVerdict =
  | { kind: 'whole' }
  | { kind: 'part'; start: number; end: number }
  | { kind: 'unsatisfiable' };

const WHOLE: RangeVerdict = { kind: 'whole' };
const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/** RFC 9110, section 14.1.2: a suffix or an end that is longer than the file means as much as there is. */
function resolve(first: string, last: string, size: number): RangeVerdict {
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return WHOLE;
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end };
}

/**
 * What a GET asks for: the whole, one part, or something outside. Several ranges and malformed ones are answered with the whole,
 * as the standard allows; so is a range whose `If-Range` names another version.
 */
export function resolveRange(req: Request, size: number, etag: string): RangeVerdict {
  const condition = req.get('if-range');
  if (req.method !== 'GET' || (condition !== undefined && condition !== etag)) return WHOLE;
  const [, first = '', last = ''] = ONE_RANGE.exec(req.headers.range ?? '') ?? [];
  return first === '' && last === '' ? WHOLE : resolve(first, last, size);
}
