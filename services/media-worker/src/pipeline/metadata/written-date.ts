import { hourOfHalfDay, monthByName, type WallClock, wallClockAsUtc } from '@lazyphotos/contracts';
import { shortText } from './clean.js';

/** A date as it is written in a file. */
export interface WrittenDate {
  /** What the clock showed, taken as UTC. The first instant of it where only a day, a month or a year is written. */
  wallClock: Date;
  precision: Precision;
  /** The zone that is written beside the time: minutes east of Greenwich. */
  offset?: number | undefined;
}

/** From coarse to fine. */
export const precisions = ['year', 'month', 'day', 'time'] as const;
export type Precision = (typeof precisions)[number];

/**
 * Reads a date in the notations that cameras, scanners and programs write: EXIF's, ISO 8601's, those with other separators or
 * none, RFC 1123, asctime. Returns undefined for what is no date (cameras without a clock write zeros or blanks), and where
 * day and month cannot be told apart; a year has four digits. A time that no clock shows leaves the day.
 */
export function parseWrittenDate(value: unknown): WrittenDate | undefined {
  const text = shortText(value);
  for (const { pattern, read } of datePatterns) {
    const groups = pattern.exec(text)?.groups;
    const day = groups && read(groups);
    if (day) return withTime(day, groups.time ?? '');
  }
  return undefined;
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

const datePatterns: DatePattern[] = [
  {
    // 20041224, also with the time right after it
    pattern: /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})(?<time>.*)$/,
    read: yearFirst,
  },
  {
    // 2004:12:24, 2004-12-24, 2004/12/24, 2004.12.24, 2004 12 24, 2004: 1: 2, 2004年12月24日
    pattern:
      /^(?<year>\d{4})(?: ?[-:/._年] ?| )(?<month>\d{1,2})(?: ?[-:/._月] ?| )(?<day>\d{2}|\d(?!\d))日?(?<time>.*)$/,
    read: yearFirst,
  },
  {
    // 2015-06, 2015, 2015: :
    pattern: /^(?<year>\d{4})(?: ?[-:/._年] ?(?<month>\d{1,2})月?)?[-:/. T0Z]*$/,
    read: yearFirst,
  },
  {
    // 24.12.2004, 12/24/2004
    pattern:
      /^(?<first>\d{1,2})(?<separator>[-:/. ])(?<second>\d{1,2})\k<separator>(?<year>\d{4})(?!\d)(?<time>.*)$/,
    read: yearLast,
  },
  {
    // Fri, 24 Dec 2004 10:11:12 +0100; 24-Dec-2004
    pattern:
      /^(?:[a-z]{3,9}\.?,? )?(?<day>\d{1,2})(?:st|nd|rd|th)?[-. ]{1,2}(?<month>[a-z]{3,9})\.?,?[- ](?<year>\d{4})(?!\d)(?<time>.*)$/i,
    read: namedMonth,
  },
  {
    // Fri Dec 24 10:11:12 2004, Fri Dec 24 10:11:12 CET 2004
    pattern:
      /^(?:[a-z]{3,9}\.?,? )?(?<month>[a-z]{3,9})\.? (?<day>\d{1,2}) (?<time>[\d:. ]+(?:[a-z]{2,5}|[-+]\d{4})?) (?<year>\d{4})$/i,
    read: namedMonth,
  },
  {
    // December 24, 2004 10:11 AM
    pattern:
      /^(?:[a-z]{3,9}\.?,? )?(?<month>[a-z]{3,9})\.? (?<day>\d{1,2})(?:st|nd|rd|th)?,? (?<year>\d{4})(?!\d)(?<time>.*)$/i,
    read: namedMonth,
  },
];

/** Month and day are unknown where they are blank or zero. */
function yearFirst({ year, month, day }: Record<string, string | undefined>): Day {
  return { year: Number(year), month: Number(month) || undefined, day: Number(day) || undefined };
}

/** Day first where dates are written with dots; otherwise only where one of the two cannot be a month. */
function yearLast({ first, separator, second, year }: Record<string, string | undefined>): Day | undefined {
  const [one, two] = [Number(first), Number(second)];
  if (separator === '.' || one > 12 || one === two) return { year: Number(year), month: two, day: one };
  return two > 12 ? { year: Number(year), month: one, day: two } : undefined;
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
  if (wallClock) return { wallClock, precision: 'time', offset: time.offset };
  const midnight = wallClockAsUtc({ year, month, day });
  return midnight && { wallClock: midnight, precision: 'day' };
}

/** 10:11:12.345 PM +01:00 with anything after it; compact, 101112.345Z */
const timePatterns = [
  /^[T:,; ]{0,3}(?<localHalf>上午|午前|오전|下午|午後|오후)? ?(?<hour>\d{1,2}) ?(?<separator>[-:.h ]) ?(?<minute>\d{1,2})(?: ?(?:\k<separator>|m) ?(?<second>\d{1,2})(?:[.,:](?<fraction>\d+))?)?(?<rest>.*)$/,
  /^[T ]?(?<hour>\d{2})(?<minute>\d{2})(?:(?<second>\d{2})(?:[.,]?(?<fraction>\d+))?)?(?!\d)(?<rest>.*)$/,
];
const halfOfDay = /^ ?([ap])\.?m\b\.?/i;

function parseTime(
  text: string,
): { clock: Omit<WallClock, 'year'>; offset?: number | undefined } | undefined {
  const groups = timePatterns.map((pattern) => pattern.exec(text)?.groups).find((found) => found);
  if (!groups) return undefined;
  const { hour, minute, second = 0, fraction = '', rest = '', localHalf } = groups;
  const [halfText = '', half = localHalf && (/[下後후]/.test(localHalf) ? 'p' : 'a')] =
    halfOfDay.exec(rest) ?? [];
  return {
    clock: {
      hour: half ? hourOfHalfDay(Number(hour), half) : Number(hour),
      minute: Number(minute),
      second: Number(second),
      millisecond: parseFraction(fraction),
    },
    offset: parseOffset(rest.slice(halfText.length)),
  };
}

/** Milliseconds of the digits after the decimal point of the seconds; 0 for what are no digits. */
export function parseFraction(value: unknown): number {
  const digits = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return /^\d{1,64}$/.test(digits) ? Math.floor(Number(`0.${digits}`) * 1000) : 0;
}

/** The zones that RFC 822 names, minutes east of Greenwich. */
const namedZones: Record<string, number> = {
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
const offsetPattern = /^(?:UTC|GMT)?(?<sign>[-+\u2212])(?<hours>\d{1,2}):?(?<minutes>\d{2})?(?!\d)/i;

/**
 * Minutes east of Greenwich of an offset such as +02:00, -0530, +2, Z or GMT, whatever follows it. Undefined for what is none
 * (blanks, text), and beyond -12:00 to +14:00, where no zone is.
 */
export function parseOffset(value: unknown): number | undefined {
  const text = shortText(value);
  const groups = offsetPattern.exec(text)?.groups;
  if (!groups) return namedZones[/^[a-z]+/i.exec(text)?.[0].toUpperCase() ?? ''];
  const { sign, hours, minutes = 0 } = groups;
  const total = (Number(hours) * 60 + Number(minutes)) * (sign === '+' ? 1 : -1);
  return Number(minutes) < 60 && total >= -12 * 60 && total <= 14 * 60 ? total : undefined;
}
