import type { Request } from 'express';

export type RangeVerdict = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'unsatisfiable' };

/**
 * What a GET asks for (RFC 9110, section 14): the whole, one part, or something outside. Several ranges and malformed ones are
 * answered with the whole, as the standard allows; so is a range whose `If-Range` names another version.
 */
export function resolveRange(req: Request, size: number, etag: string): RangeVerdict {
  const condition = req.get('if-range');
  if (req.method !== 'GET' || req.headers.range === undefined || (condition !== undefined && condition !== etag)) {
    return { kind: 'whole' };
  }
  const ranges = req.range(size, { combine: true });
  if (ranges === -1) return { kind: 'unsatisfiable' };
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return { kind: 'whole' };
  const [range] = ranges;
  return range ? { kind: 'part', ...range } : { kind: 'whole' };
}
