import {
  type CapturedAtSource,
  isPlausibleCaptureTime,
  isPlausibleModificationTime,
  monthByName,
  type WallClock,
  wallClockAsUtc,
} from './capture-dates.js';

/** What is known about a file without its content. */
export interface FileFacts {
  /** Undefined if the file has no name of its own. */
  name: string | undefined;
  modifiedAt?: Date | undefined;
  now: Date;
}

export interface FileDate {
  date: Date;
  source: Extract<CapturedAtSource, 'fileName' | 'fileModified'>;
}

/**
 * Returns when a photo was taken according to the name and the modification time of its file; undefined if neither is plausible.
 * The name has priority. If it has no time of day, the modification time is used if it is within the day (month, year) of the name,
 * so that the photos of one day keep their order. Days are days in UTC, as for all dates in names: a modification time on the next
 * day in UTC may be right in another zone, but it would show the photo on another day than its name says.
 */
export function dateOfFile({ name, modifiedAt, now }: FileFacts): FileDate | undefined {
  const modified = modifiedAt && isPlausibleModificationTime(modifiedAt, now) ? modifiedAt : undefined;
  const named = name === undefined ? undefined : namedTime(name, now);
  if (named === undefined) return modified && { date: modified, source: 'fileModified' };
  const isWithin = modified !== undefined && modified >= named.start && modified < named.end;
  return { date: isWithin ? modified : named.start, source: 'fileName' };
}

/**
 * Returns the date in the name of a file, with its time if it has one; of a day, a month or a year the start. A time without a zone
 * counts as UTC. Supports the names that phones, messengers, screenshot tools and scanners give. Returns undefined if there is no
 * date, if day and month are ambiguous, or if the date is not plausible.
 */
export function dateFromFileName(fileName: string, now: Date): Date | undefined {
  return namedTime(fileName, now)?.start;
}

/** `end` is excluded; the same as `start` for an instant. */
interface TimeSpan {
  start: Date;
  end: Date;
}

function namedTime(fileName: string, now: Date): TimeSpan | undefined {
  const name = fileName
    .slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
    // macOS stores letters and their accents as separate characters.
    .normalize('NFC');
  if (DIGEST_NAME.test(name)) return undefined;
  for (const span of [...daysIn(name), ...monthsIn(name)]) {
    if (span && isPlausibleCaptureTime(span.start, now)) return span;
  }
  return undefined;
}

/** A UUID or a hash, whose digits are not a date. */
const DIGEST_NAME = /^(?=[\d-]*[a-f])(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{16,})(?![\da-z])/i;

/** Returns the dates that the patterns find, in their order in the name: in `14-07-2019 10 11 12` the first one is right. */
function daysIn(name: string): (TimeSpan | undefined)[] {
  const found = DAY_PATTERNS.flatMap(({ pattern, read }) =>
    [...name.matchAll(pattern)].map((match) => ({ index: match.index, spans: spansOfMatch(match, read) })),
  );
  const epoch = EPOCH_NAME.exec(name)?.[1];
  if (epoch) found.push({ index: 0, spans: [instant(new Date(Number(epoch)))] });
  return found.sort((a, b) => a.index - b.index).flatMap(({ spans }) => spans);
}

/** Returns the date with the time that follows it, then the date alone, in case that time does not exist. */
function spansOfMatch(match: RegExpExecArray, read: DatePattern['read']): (TimeSpan | undefined)[] {
  const rest = match.input.slice(match.index + match[0].length);
  const time = timeAfterDate(rest);
  const date = read(match);
  if (!date || (!time && /^\d/.test(rest))) return [];
  const day = spanOf(date);
  if (!time) return [day];
  const wallClock = wallClockAsUtc({ ...date, ...time.clock });
  return [wallClock && instant(new Date(wallClock.getTime() - time.offset * 60_000)), day];
}

function monthsIn(name: string): (TimeSpan | undefined)[] {
  return MONTH_PATTERNS.flatMap(({ pattern, read }) =>
    [...name.matchAll(pattern)].map((match) => {
      const date = read(match);
      return date && spanOf(date);
    }),
  );
}

const instant = (date: Date): TimeSpan => ({ start: date, end: date });

/** Returns the day, or the month or year if only that is known; undefined if it does not exist. */
function spanOf(date: WallClock): TimeSpan | undefined {
  const start = wallClockAsUtc(date);
  if (start === undefined) return undefined;
  const end = new Date(start);
  if (date.day !== undefined) end.setUTCDate(end.getUTCDate() + 1);
  else if (date.month !== undefined) end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setUTCFullYear(end.getUTCFullYear() + 1);
  return { start, end };
}

interface DatePattern {
  pattern: RegExp;
  read(match: RegExpExecArray): WallClock | undefined;
}

/** The longest month has ten letters. `de` separates the parts of a date in Spanish and Portuguese. */
const MONTH = '(\\p{L}{3,10})';
const BEFORE_MONTH = '(?:er|st|nd|rd|th|º|ª)?[-_., ]{0,2}(?:de[-_ ])?';
const BEFORE_YEAR = '(?:[-_ ]de(?=[-_ ]))?[-_., ]{0,2}';

const DAY_PATTERNS: DatePattern[] = [
  {
    // 20190714, also with the time right after it
    pattern: /(?<!\d)(\d{4})(\d{2})(\d{2})/g,
    read: ([, year, month, day]) => ({ year: Number(year), month: Number(month), day: Number(day) }),
  },
  {
    // 2019-07-14, 2019_7_14, 2019.07.14
    pattern: /(?<!\d)(\d{4})([-_. ])(\d{1,2})\2(\d{1,2})/g,
    read: ([, year, , month, day]) => ({ year: Number(year), month: Number(month), day: Number(day) }),
  },
  {
    // 2019年7月14日, 2019년 7월 14일
    pattern: /(?<!\d)(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2})(?!\d)/g,
    read: ([, year, month, day]) => ({ year: Number(year), month: Number(month), day: Number(day) }),
  },
  {
    // 14-07-2019, 07-14-2019
    pattern: /(?<!\d)(\d{1,2})([-_. ])(\d{1,2})\2(\d{4})/g,
    read: ([, first, separator, second, year]) =>
      dayAndMonth(Number(first), Number(second), separator === '.', Number(year)),
  },
  {
    // 14 Jul 2019, 14July2019, 14. Juli 2019, 14 de julio de 2019
    pattern: new RegExp(`(?<!\\d)(\\d{1,2})${BEFORE_MONTH}${MONTH}${BEFORE_YEAR}(\\d{4})`, 'giu'),
    read: ([, day, name = '', year]) => namedMonth(Number(year), name, Number(day)),
  },
  {
    // 2019-Jul-14, 2019 July 14
    pattern: new RegExp(`(?<!\\d)(\\d{4})([-_. ])${MONTH}\\2(\\d{1,2})(?!\\d)`, 'giu'),
    read: ([, year, , name = '', day]) => namedMonth(Number(year), name, Number(day)),
  },
  {
    // Jul 14, 2019
    pattern: new RegExp(
      `(?<!\\p{L})${MONTH}[-_. ]{0,2}(\\d{1,2})(?:st|nd|rd|th)?[-_., ]{1,2}(\\d{4})`,
      'giu',
    ),
    read: ([, name = '', day, year]) => namedMonth(Number(year), name, Number(day)),
  },
];

/**
 * Months and years, if they are not ambiguous. Four digits alone or after a camera's prefix are more often the number of a picture
 * than a year.
 */
const MONTH_PATTERNS: DatePattern[] = [
  {
    // 2019-07, Scan_2019_07
    pattern:
      /(?<![\p{L}\d]|\d[-_. ]|(?<!\p{L})(?:IMG|MG|DSC[NF]?|PICT|MVI|PANO|P)[-_ ])(\d{4})[-_](\d{2})(?![-_. ]?\d|\p{L})/giu,
    read: ([, year, month]) => ({ year: Number(year), month: Number(month) }),
  },
  {
    // 2019年7月, 2019년 7월, 2019年
    pattern: /(?<!\d)(\d{4}) ?[年년](?: ?(\d{1,2}) ?[月월])?(?! ?\d)/g,
    read: ([, year, month]) => ({ year: Number(year), month: month ? Number(month) : undefined }),
  },
  {
    // May 2019, mayo de 2019
    pattern: new RegExp(`(?<!\\p{L}|\\d[-_., ]{0,2})${MONTH}${BEFORE_YEAR}(\\d{4})(?!\\d|[-_. ]\\d)`, 'giu'),
    read: ([, name = '', year]) => namedMonth(Number(year), name),
  },
];

function namedMonth(year: number, name: string, day?: number): WallClock | undefined {
  const number = monthByName(name);
  return number === undefined ? undefined : { year, month: number, day };
}

/** Day first with dots, as wherever dates are written with dots; otherwise only where one of the two cannot be a month. */
function dayAndMonth(first: number, second: number, dayFirst: boolean, year: number): WallClock | undefined {
  if (dayFirst || first > 12 || first === second) return { year, month: second, day: first };
  return second > 12 ? { year, month: first, day: second } : undefined;
}

/** 101112 or 101112345, directly after the date or after one or two separators. */
const COMPACT_TIME = /^[-_ T]{0,2}(\d{2})(\d{2})(\d{2})(\d{0,3})(?!\d)/;
/** 10-11-12, 10.11.12 PM, 下午10.11.12, after a word in the user's language: `at`, `um`, `a las`. */
const SEPARATED_TIME =
  /^\D{1,12}?(\d{1,2})[-.:_ h時时시点] ?(\d{2})[-.:_ m分분] ?(\d{2})(?!\d)(?:[-.,_](\d{3})(?!\d))?(?:\s?([ap])\.?m\b)?/i;
/** Before the time, in Chinese, Japanese and Korean: morning and afternoon. */
const HALF_BEFORE_TIME = /^\D*?(?:(上午|午前|오전)|(下午|午後|오후))/;

interface TimeOfDay {
  clock: Omit<WallClock, 'year'>;
  /** Minutes east of UTC; 0 if no zone is written. */
  offset: number;
}

function timeAfterDate(rest: string): TimeOfDay | undefined {
  const match = COMPACT_TIME.exec(rest) ?? SEPARATED_TIME.exec(rest);
  if (!match) return undefined;
  const [text, hour, minute, second, fraction = '', halfAfter] = match;
  const [, morning, afternoon] = HALF_BEFORE_TIME.exec(text) ?? [];
  const half = halfAfter ?? ((morning && 'a') || (afternoon && 'p'));
  return {
    clock: {
      hour: half ? hourOfHalfDay(Number(hour), half) : Number(hour),
      minute: Number(minute),
      second: Number(second),
      millisecond: Number(fraction.padEnd(3, '0')),
    },
    offset: zoneAfterTime(rest.slice(text.length), /^T|\d:/.test(text)),
  };
}

/**
 * Returns minutes east of UTC, 0 if there is no zone. Without the `T` or the colons of ISO 8601 only a form such as `+0200` is a
 * zone: `-0001` and `+02` may be the numbers of pictures.
 */
function zoneAfterTime(rest: string, isIso: boolean): number {
  const pattern = isIso
    ? /^([-+])(0\d|1[0-4])(?:[:_]?(00|15|30|45))?(?![\d\p{L}])/u
    : /^ ?(\+)(0\d|1[0-4]):?(00|15|30|45)(?!\d)/;
  const [, sign, hours, minutes = 0] = pattern.exec(rest) ?? [];
  if (sign === undefined) return 0;
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
}

/** Returns 0 to 23 for 12-hour time with `a` or `p` (12 AM is midnight); an hour above 12 is in 24-hour time. */
export function hourOfHalfDay(hour: number, half: string): number {
  if (hour > 12) return hour;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

/**
 * Milliseconds since 1970, after which Facebook, WeChat and some cameras name files. Other numbers of this length are not times.
 */
const EPOCH_NAME = /^(?:FB_IMG_|mmexport|wx_camera_|microMsg\.|IMG_|Screenshot_)?([12]\d{12})(?!\d)/i;
