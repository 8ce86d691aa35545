import { firstOf, type RawTags, valuesOf } from './tags.js';

/** The first photograph that survives was taken in 1826 or 1827; whatever is older is a camera's unset clock. */
const firstYear = 1826;
const dayMs = 24 * 60 * 60 * 1000;

interface WrittenDate {
  date: unknown;
  /** Digits after the decimal point of the seconds, in a tag of their own. */
  fraction?: unknown;
  offset?: unknown;
}

/** When the photo was taken: the first believable of the dates in the file. */
export function capturedAt(tags: RawTags, now: Date): Date | undefined {
  for (const written of writtenDates(tags)) {
    const time = parse(written);
    if (time === undefined || time > now.getTime() + dayMs) continue;
    const date = new Date(time);
    if (date.getUTCFullYear() >= firstYear) return date;
  }
  return undefined;
}

/** Candidates, best first. When a picture was taken beats when it was digitised; EXIF, which the camera wrote, beats the rest. */
function* writtenDates(tags: RawTags): Generator<WrittenDate> {
  const anyOffset = tags['EXIF:OffsetTime'];
  yield {
    date: tags['EXIF:DateTimeOriginal'],
    fraction: firstOf(tags, 'SubSecTimeOriginal'),
    offset: tags['EXIF:OffsetTimeOriginal'] ?? anyOffset,
  };
  for (const date of valuesOf(tags, 'DateTimeOriginal')) yield { date };
  yield {
    date: tags['EXIF:CreateDate'],
    fraction: firstOf(tags, 'SubSecTimeDigitized'),
    offset: tags['EXIF:OffsetTimeDigitized'] ?? anyOffset,
  };
  for (const date of valuesOf(tags, 'CreateDate')) yield { date };
}

const datePattern =
  /^(\d{4})[:-](\d{2})[:-](\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/** Milliseconds since 1970, or undefined when this is no date (cameras without a clock write zeros or blanks). */
function parse(written: WrittenDate): number | undefined {
  const match = typeof written.date === 'string' ? datePattern.exec(written.date.trim()) : null;
  if (!match) return undefined;
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction, offset] = match;
  const fields = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = fields;
  const wallClock = Date.UTC(y, mo - 1, d, h, mi, s);
  // Date.UTC carries the 31st of February over into March; such a date was never written by a clock.
  if (new Date(wallClock).toISOString().slice(0, 19) !== isoSeconds(fields)) return undefined;
  return wallClock + milliseconds(fraction ?? written.fraction) - offsetMs(offset ?? written.offset);
}

function isoSeconds([y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0]: number[]): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(y).padStart(4, '0')}-${two(mo)}-${two(d)}T${two(h)}:${two(mi)}:${two(s)}`;
}

function milliseconds(fraction: unknown): number {
  const digits = typeof fraction === 'string' || typeof fraction === 'number' ? String(fraction).trim() : '';
  return /^\d+$/.test(digits) ? Math.floor(Number(`0.${digits}`) * 1000) : 0;
}

/** Zero when absent or out of the range that the Earth's zones have (-12 to +14 hours). */
function offsetMs(offset: unknown): number {
  const match = typeof offset === 'string' ? /^([+-])(\d{2}):?(\d{2})$/.exec(offset.trim()) : null;
  if (!match) return 0;
  const [, sign, hours, minutes] = match;
  const total = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return Number(minutes) < 60 && total >= -12 * 60 && total <= 14 * 60 ? total * 60_000 : 0;
}
