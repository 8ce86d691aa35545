import { InvalidArgumentError } from 'commander';

/** Each parser of an option value throws the error of commander, which names the option. */

const MAX_CONCURRENCY = 16;
/** With --json, all entries are in memory. */
const MAX_LISTED = 10_000;

function wholeNumber(value: string, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > max)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${max}.`);
  return number;
}

export const concurrency = (value: string): number => wholeNumber(value, MAX_CONCURRENCY);
export const limit = (value: string): number => wholeNumber(value, MAX_LISTED);

/** RFC 3339, which has no year after 9999. */
function timestamp(date: Date): string {
  if (date.getUTCFullYear() > 9999) throw new InvalidArgumentError('must be before the year 9999.');
  return date.toISOString();
}

function boundary(value: string, side: keyof Period): string {
  const period = periodOf(value);
  if (period === undefined)
    throw new InvalidArgumentError('must be like 2024, 2024-05, 2024-05-01 or 2024-05-01T14:00.');
  return timestamp(period[side]);
}

/** The first instant of a year, month or day, or the instant itself; RFC 3339. */
export const from = (value: string): string => boundary(value, 'start');
/** The first instant after a year, month or day, or the instant itself; RFC 3339. */
export const to = (value: string): string => boundary(value, 'end');

/** When a link ends; RFC 3339. */
export function expiry(value: string): string {
  const now = new Date();
  const end = endOf(value, now);
  if (end === undefined) throw new InvalidArgumentError('must be like 12h, 7d, 2w or 2026-12-31.');
  if (end <= now) throw new InvalidArgumentError('must be in the future.');
  return timestamp(end);
}

/** `lat,lon` in degrees, as the API takes it. */
export function coordinates(value: string): string {
  const parts = value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [lat = Number.NaN, lon = Number.NaN] = parts;
  if (parts.length !== 2 || !(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 180))
    throw new InvalidArgumentError('must be latitude,longitude in degrees, such as 50.0875,14.4213.');
  return `${lat.toFixed(6)},${lon.toFixed(6)}`;
}

export function kilometres(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0.001) || number > 20_040)
    throw new InvalidArgumentError('must be a number of kilometres from 0.001 to 20040.');
  return number;
}

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

const DAY = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;
const DURATION = /^(\d{1,6}) ?(m|h|d|w)$/;

const MINUTES = { m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 } as const;

/** A period of time; `end` is exclusive. */
interface Period {
  start: Date;
  end: Date;
}

/** In the time zone of this computer. Months count from 0; 12 is January of the next year. */
function localDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setHours(0, 0, 0, 0);
  // The constructor takes the years 0 to 99 for 1900 to 1999.
  date.setFullYear(year, month, day);
  return date;
}

function periodOfDay(text: string): Period | undefined {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (year === undefined || Number(year) === 0) return undefined;
  const [y, m, d] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)];
  const start = localDate(y, m, d);
  if (start.getMonth() !== m || start.getDate() !== d) return undefined;
  if (month === undefined) return { start, end: localDate(y + 1, 0, 1) };
  return { start, end: day === undefined ? localDate(y, m + 1, 1) : localDate(y, m, d + 1) };
}

/**
 * Returns the period that a text names: a year, a month, a day or an instant (RFC 3339), in the time zone of this computer if it has
 * no offset. Returns undefined for any other text.
 */
export function periodOf(text: string): Period | undefined {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return periodOfDay(text);
  const instant = new Date(text);
  if (periodOfDay(day) === undefined || Number.isNaN(instant.getTime())) return undefined;
  return { start: instant, end: instant };
}

/** Returns the end of a duration (`30m`, `12h`, `7d`, `2w`), of a day or of an instant. Returns undefined for any other text. */
export function endOf(text: string, now: Date): Date | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined) return periodOf(text)?.end;
  return new Date(now.getTime() + Number(amount) * MINUTES[unit as keyof typeof MINUTES] * 60_000);
}
