/**
 * Where a photo's capture time can come from, the most believable first. This is the one order of the project: the media
 * worker walks it through what the file says, the catalog through what is left when the file says nothing. When a picture was
 * taken beats when it was digitised, and what the camera wrote beats what a program added.
 */
export const capturedAtSources = [
  /** EXIF DateTimeOriginal: the camera's clock when the picture was taken. */
  'exifOriginal',
  /** XMP exif:DateTimeOriginal or photoshop:DateCreated: when it was taken, as a program keeps it. */
  'xmpOriginal',
  /** IPTC DateCreated and TimeCreated. */
  'iptcOriginal',
  /** EXIF DateTimeDigitized (exiftool: CreateDate): when it was digitised; of a camera the same moment, of a scan a later one. */
  'exifDigitized',
  /** XMP xmp:CreateDate or exif:DateTimeDigitized. */
  'xmpDigitized',
  /** IPTC DigitalCreationDate and DigitalCreationTime. */
  'iptcDigitized',
  /** The file format's own creation date: PNG text, QuickTime and ISO base media, RIFF, maker notes. */
  'container',
  /** The time of the satellites at the last fix, always UTC. */
  'gps',
  /** The last change that the metadata names: EXIF DateTime (exiftool: ModifyDate), XMP ModifyDate, PNG tIME. */
  'metadataModified',
  /** What the client announced, from a source of its own such as the phone's photo library. */
  'client',
  /** A date in the file's name. */
  'fileName',
  /** The modification time of the file on the device. */
  'fileModified',
] as const;
export type CapturedAtSource = (typeof capturedAtSources)[number];

/** The sources that a client can name for the `capturedAt` that it announces. */
export const announcedDateSources = [
  'client',
  'fileName',
  'fileModified',
] as const satisfies readonly CapturedAtSource[];
export type AnnouncedDateSource = (typeof announcedDateSources)[number];

/** The first photograph that survives was taken in 1826 or 1827. */
const FIRST_YEAR = 1826;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether a photo can have been taken then: not before photography, and not after tomorrow (clocks and zones are off by hours). */
export function isPlausibleCaptureTime(date: Date, now: Date): boolean {
  return date.getUTCFullYear() >= FIRST_YEAR && date.getTime() <= now.getTime() + DAY_MS;
}

export interface WallClock {
  year: number;
  /** 1 to 12, 1 if absent. */
  month?: number | undefined;
  /** 1 to 31, 1 if absent. */
  day?: number | undefined;
  hour?: number | undefined;
  minute?: number | undefined;
  second?: number | undefined;
  millisecond?: number | undefined;
}

/**
 * Returns what a clock on the wall showed, taken as UTC; undefined when no clock shows it (31 February, minute 60). Hour 24,
 * which some phones write for the hour after midnight, is hour 0 of the same day; second 60 is the next minute's first.
 */
export function wallClockAsUtc(clock: WallClock): Date | undefined {
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0 } = clock;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  // Dates that no calendar has are carried over into the next month.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour % 24, minute, second, millisecond);
  return date;
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** Returns 1 to 12 for an English month's name or its first three letters or more, in any case; undefined for other text. */
export function monthByName(name: string): number | undefined {
  const start = name.toLowerCase();
  const index = MONTHS.findIndex((month) => start.length >= 3 && month.startsWith(start));
  return index === -1 ? undefined : index + 1;
}

/**
 * Returns the date, and the time where there is one, that a file's name holds, the clock's reading taken as UTC. Knows the
 * names that phones, messengers, screenshot tools and scanners give; undefined when there is no date, when day and month
 * cannot be told apart, and when the date is not plausible.
 */
export function dateFromFileName(fileName: string, now: Date): Date | undefined {
  const name = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  if (digestName.test(name)) return undefined;
  for (const date of datesIn(name)) {
    if (date && isPlausibleCaptureTime(date, now)) return date;
  }
  return undefined;
}

/** A UUID or a hash, in which digits in a row mean nothing. */
const digestName = /^(?=[\d-]*[a-f])(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{16,})(?![\da-z])/i;

/** The dates that the patterns find, in the order of the name: in `14-07-2019 10 11 12` the first one is meant. */
function datesIn(name: string): (Date | undefined)[] {
  const found = datePatterns.flatMap(({ pattern, read }) =>
    [...name.matchAll(pattern)].map((match) => ({ index: match.index, dates: datesOfMatch(match, read) })),
  );
  const epoch = epochName.exec(name)?.[1];
  if (epoch) found.push({ index: 0, dates: [new Date(Number(epoch))] });
  return found.sort((a, b) => a.index - b.index).flatMap(({ dates }) => dates);
}

/** The date with the time that follows it, then the date alone, in case no clock shows that time. */
function datesOfMatch(match: RegExpExecArray, read: DatePattern['read']): (Date | undefined)[] {
  const rest = match.input.slice(match.index + match[0].length);
  const time = timeAfterDate(rest);
  const date = read(match);
  if (!date || (!time && /^\d/.test(rest))) return [];
  return time ? [wallClockAsUtc({ ...date, ...time }), wallClockAsUtc(date)] : [wallClockAsUtc(date)];
}

interface DatePattern {
  pattern: RegExp;
  read(match: RegExpExecArray): WallClock | undefined;
}

const month = '([a-z]{3,9})';

const datePatterns: DatePattern[] = [
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
    // 14-07-2019, 07-14-2019
    pattern: /(?<!\d)(\d{1,2})([-_. ])(\d{1,2})\2(\d{4})/g,
    read: ([, first, separator, second, year]) =>
      dayAndMonth(Number(first), Number(second), separator === '.', Number(year)),
  },
  {
    // 14 Jul 2019, 14July2019
    pattern: new RegExp(`(?<!\\d)(\\d{1,2})[-_., ]{0,2}${month}[-_., ]{0,2}(\\d{4})`, 'gi'),
    read: ([, day, name = '', year]) => namedMonth(Number(year), name, Number(day)),
  },
  {
    // Jul 14, 2019
    pattern: new RegExp(`(?<![a-z])${month}[-_. ]{0,2}(\\d{1,2})[-_., ]{1,2}(\\d{4})`, 'gi'),
    read: ([, name = '', day, year]) => namedMonth(Number(year), name, Number(day)),
  },
];

function namedMonth(year: number, name: string, day: number): WallClock | undefined {
  const number = monthByName(name);
  return number === undefined ? undefined : { year, month: number, day };
}

/** Day first with dots, as wherever dates are written with dots; otherwise only where one of the two cannot be a month. */
function dayAndMonth(first: number, second: number, dayFirst: boolean, year: number): WallClock | undefined {
  if (dayFirst || first > 12 || first === second) return { year, month: second, day: first };
  return second > 12 ? { year, month: first, day: second } : undefined;
}

/** 101112 or 101112345, right after the date or after one sign or two. */
const compactTime = /^[-_ T]{0,2}(\d{2})(\d{2})(\d{2})(\d{0,3})(?!\d)/;
/** 10-11-12, 10.11.12 PM, after a word in the user's language: `at`, `um`, `a las`. */
const separatedTime =
  /^\D{1,12}?(\d{1,2})[-.:_ h](\d{2})[-.:_ m](\d{2})(?!\d)(?:[-.,_](\d{3})(?!\d))?(?:\s?([ap])\.?m\b)?/i;

function timeAfterDate(rest: string): Omit<WallClock, 'year'> | undefined {
  const match = compactTime.exec(rest) ?? separatedTime.exec(rest);
  if (!match) return undefined;
  const [, hour, minute, second, fraction = '', half] = match;
  return {
    hour: half ? hourOfHalfDay(Number(hour), half) : Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: Number(fraction.padEnd(3, '0')),
  };
}

/** Returns 0 to 23 for 12-hour time with `a` or `p` (12 AM is midnight); an hour above 12 was written in 24-hour time. */
export function hourOfHalfDay(hour: number, half: string): number {
  if (hour > 12) return hour;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

/** Milliseconds since 1970 as Facebook, WeChat and some cameras name files. Other numbers of this length are no times. */
const epochName = /^(?:FB_IMG_|mmexport|wx_camera_|microMsg\.|IMG_|Screenshot_)?([12]\d{12})(?!\d)/i;
