import { hourOfHalfDay, monthByName, type WallClock, wallClockAsUtc } from '@lazyphotos/contracts';
import { shortText } from './clean.js';

/** A date as it is written in a file. */
export interface WrittenDate {
  /** The local time as if it were UTC. Of a day, a month or a year it is the start. */
  wallClock: Date;
  precision: Precision;
  /** The time has hours and minutes only. */
  withoutSeconds?: boolean;
  /** Offset from UTC that is written after the time, in minutes. */
  offset?: number | undefined;
  /** The time is written in UTC (Z, GMT), which leaves the local offset unknown (RFC 9557, section 2). */
  isUtc?: boolean;
}

/** From coarse to fine. */
export const PRECISIONS = ['year', 'month', 'day', 'time'] as const;
export type Precision = (typeof PRECISIONS)[number];

/**
 * Reads a date in the notations that cameras, scanners and programs write: EXIF, ISO 8601, both with other separators or without
 * separators, RFC 1123, asctime, Java's and JavaScript's default. The year must have four digits. If day and month are ambiguous,
 * only the year is returned; if the time is invalid, only the day. Returns undefined if the text is not a date; cameras without
 * a clock write zeros or blanks.
 */
export function parseWrittenDate(value: unknown): WrittenDate | undefined {
  const text = withAsciiDigits(shortText(value)).replace(INTERVAL, '$<start>');
  for (const { pattern, read } of DATE_PATTERNS) {
    const groups = pattern.exec(text)?.groups;
    const day = groups && read(groups);
    if (day) return withTime(day, groups.time ?? '');
  }
  return undefined;
}

/** 1998-05/1998-06 (ISO 8601), which dc:date may have. Its start is used. */
const INTERVAL = /^(?<start>\d{4}(?:[-:]\d{2}){0,2}(?:[T ][^/]*)?)\/\d{4}.*$/;

/** The digits 0 of the scripts in which phones write dates: Arabic, Persian, Hindi, Bengali, Thai, full-width. */
const ZERO_DIGITS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0xff10];

/** Apps that format the EXIF date in the user's language write its digits, too. */
function withAsciiDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    const zero = ZERO_DIGITS.find((first) => code >= first && code <= first + 9);
    return zero === undefined ? digit : String(code - zero);
  });
}

interface Day {
  year: number;
  month?: number | undefined;
  day?: number | undefined;
}

interface DatePattern {
  pattern: RegExp;
  read(groups: Record<string, string | undefined>): Day | undefined;
}

const DATE_PATTERNS: DatePattern[] = [
  {
    // 20041224, also with the time right after it
    pattern: /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})(?<time>.*)$/,
    read: yearFirst,
  },
  {
    // 2004:12:24, 2004-12-24, 2004/12/24, 2004.12.24, 2004,12,24, 2004 12 24, 2004: 1: 2, 2004年12月24日, 2004년 12월 24일
    pattern:
      /^(?<year>\d{4})(?: ?[-:/.,_年년] ?| )(?<month>\d{1,2})(?: ?[-:/.,_月월] ?| )(?<day>\d{2}|\d(?!\d))[日일]?(?<time>.*)$/,
    read: yearFirst,
  },
  {
    // 2004-Dec-24, 2004 Dec 24
    pattern: /^(?<year>\d{4})[-:/. ](?<month>[a-z]{3,9})[-:/. ](?<day>\d{1,2})(?!\d)(?<time>.*)$/i,
    read: namedMonth,
  },
  {
    // 2015-06, 2015, 2015: :
    pattern: /^(?<year>\d{4})[年년]?(?:(?: ?[-:/.,_] ?| )?(?<month>(?<!\d)\d{1,2})[月월]?)?[-:/.,_ T0Z]*$/,
    read: yearFirst,
  },
  {
    // 24.12.2004, 12/24/2004
    pattern:
      /^(?<first>\d{1,2})(?<separator>[-:/.,_ ])(?<second>\d{1,2})\k<separator>(?<year>\d{4})(?!\d)(?<time>.*)$/,
    read: yearLast,
  },
  {
    // Fri, 24 Dec 2004 10:11:12 +0100; 24-Dec-2004
    pattern:
      /^(?:[a-z]{3,9}\.?,? )?(?<day>\d{1,2})(?:st|nd|rd|th)?[-. ]{1,2}(?<month>[a-z]{3,9})\.?,?[- ](?<year>\d{4})(?!\d)(?<time>.*)$/i,
    read: namedMonth,
  },
  {
    // Fri Dec 24 10:11:12 2004, Fri Dec 24 10:11:12 CET 2004, Fri Dec 24 10:11:12 GMT+01:00 2004
    pattern:
      /^(?:[a-z]{3,9}\.?,? )?(?<month>[a-z]{3,9})\.? (?<day>\d{1,2}) (?<time>[\d:. ]+(?:[a-z]{2,5})?(?:[-+]\d{2}:?\d{2})?) (?<year>\d{4})$/i,
    read: namedMonth,
  },
  {
    // December 24, 2004 10:11 AM, December 24, 2004 at 10:11 AM
    pattern:
      /^(?:[a-z]{3,9}\.?,? )?(?<month>[a-z]{3,9})\.? (?<day>\d{1,2})(?:st|nd|rd|th)?,? (?<year>\d{4})(?!\d)(?<time>.*)$/i,
    read: namedMonth,
  },
];

/** Month and day are unknown where they are blank or zero. */
function yearFirst({ year, month, day }: Record<string, string | undefined>): Day {
  return { year: Number(year), month: Number(month) || undefined, day: Number(day) || undefined };
}

/** With dots the day is first. Otherwise one of the two must be greater than 12, or both the same; else only the year is certain. */
function yearLast({ first, separator, second, year }: Record<string, string | undefined>): Day {
  const [one, two] = [Number(first), Number(second)];
  if (separator === '.' || one > 12 || one === two)
    return { year: Number(year), month: two || undefined, day: one };
  return two > 12 ? { year: Number(year), month: one, day: two } : { year: Number(year) };
}

function namedMonth({ year, month = '', day }: Record<string, string | undefined>): Day | undefined {
  const number = monthByName(month);
  return number === undefined ? undefined : { year: Number(year), month: number, day: Number(day) };
}

function withTime(date: Day, rest: string): WrittenDate | undefined {
  const { year, month, day } = date;
  if (year === 0) return undefined;
  if (month === undefined || day === undefined) {
    const wallClock = wallClockAsUtc({ year, month });
    return wallClock && { wallClock, precision: month === undefined ? 'year' : 'month' };
  }
  const time = parseTime(rest);
  const wallClock = time && wallClockAsUtc({ year, month, day, ...time.clock });
  if (wallClock) {
    const { offset, withoutSeconds, isUtc } = time;
    return {
      wallClock,
      precision: 'time',
      offset,
      ...(withoutSeconds && { withoutSeconds }),
      ...(isUtc && { isUtc }),
    };
  }
  const midnight = wallClockAsUtc({ year, month, day });
  return midnight && { wallClock: midnight, precision: 'day' };
}

const HALF_OF_DAY = '上午|午前|오전|下午|午後|오후|[ap]\\.? ?m\\b\\.?';
const TIME_PATTERNS = [
  // 10:11:12.345 PM +01:00, PM 10:11, -10-11-12, _10_11_12, followed by anything. A minus before hours and minutes alone
  // is the sign of an offset: 2004-12-24-05:00.
  new RegExp(
    `^(?:,? at |[T:,;._/ ]{0,3}|-(?=\\d{1,2}\\D\\d{1,2}\\D\\d))(?<before>${HALF_OF_DAY})? ?` +
      '(?<hour>\\d{1,2}) ?(?<separator>[-:.,_/h시時 ]) ?(?<minute>\\d{1,2})' +
      '(?: ?(?:\\k<separator>|[m분分]) ?(?<second>\\d{1,2})[초秒]?(?:[.,:](?<fraction>\\d+))?)?(?<rest>.*)$',
    'i',
  ),
  // 101112.345Z
  /^(?:[T_ ]|-(?=\d{6}))?(?<hour>\d{2})(?<minute>\d{2})(?:(?<second>\d{2})(?:[.,]?(?<fraction>\d+))?)?(?!\d)(?<rest>.*)$/,
];
const HALF_AFTER = new RegExp(`^ ?(?:${HALF_OF_DAY})`, 'i');

interface WrittenTime {
  clock: Omit<WallClock, 'year'>;
  withoutSeconds: boolean;
  offset?: number | undefined;
  isUtc: boolean;
}

function parseTime(text: string): WrittenTime | undefined {
  const groups = TIME_PATTERNS.map((pattern) => pattern.exec(text)?.groups).find((found) => found);
  if (!groups) return undefined;
  const { before, hour, minute, second, fraction = '', rest = '' } = groups;
  const [after = ''] = HALF_AFTER.exec(rest) ?? [];
  const halfOfDay = after.trim() || before;
  return {
    clock: {
      hour: halfOfDay ? hourOfHalfDay(Number(hour), /p|[下後후]/i.test(halfOfDay) ? 'p' : 'a') : Number(hour),
      minute: Number(minute),
      second: Number(second ?? 0),
      millisecond: parseFraction(fraction),
    },
    withoutSeconds: second === undefined,
    offset: parseOffset(rest.slice(after.length)),
    isUtc: /^ ?(?:Z|UTC?|GMT)(?![a-z+\-\u2212])/i.test(rest.slice(after.length)),
  };
}

/** Returns the milliseconds for the digits after the decimal point of the seconds; 0 if the value has other characters. */
export function parseFraction(value: unknown): number {
  const digits = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return /^\d{1,64}$/.test(digits) ? Math.floor(Number(`0.${digits}`) * 1000) : 0;
}

/** The zones that RFC 822 names, as minutes ahead of UTC. */
const NAMED_ZONES: Record<string, number> = {
  Z: 0,
  UT: 0,
  UTC: 0,
  GMT: 0,
  EDT: -240,
  EST: -300,
  CDT: -300,
  CST: -360,
  MDT: -360,
  MST: -420,
  PDT: -420,
  PST: -480,
};
const OFFSET_PATTERN = /^(?:UTC|GMT)?(?<sign>[-+\u2212])(?<hours>\d{1,2}):?(?<minutes>\d{2})?(?!\d)/i;

/**
 * Returns the minutes ahead of UTC of an offset such as +02:00, -0530, +2, Z or GMT; text after it is ignored. Returns undefined
 * if the value is not an offset (blanks, other text) or is outside -12:00 to +14:00, the range of time zones.
 */
export function parseOffset(value: unknown): number | undefined {
  const text = shortText(value);
  const groups = OFFSET_PATTERN.exec(text)?.groups;
  if (!groups) return NAMED_ZONES[/^[a-z]+/i.exec(text)?.[0].toUpperCase() ?? ''];
  const { sign, hours, minutes = 0 } = groups;
  const total = (Number(hours) * 60 + Number(minutes)) * (sign === '+' ? 1 : -1);
  return Number(minutes) < 60 && total >= -12 * 60 && total <= 14 * 60 ? total : undefined;
}
