import { InvalidArgumentError } from 'commander';

/** Readers of the values of options; each throws commander's error, which names the option. */

const MAX_CONCURRENCY = 16;
/** --json holds this many entries in memory. */
const MAX_LISTED = 10_000;

function wholeNumber(value: string, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > max)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${max}.`);
  return number;
}

export const concurrency = (value: string): number => wholeNumber(value, MAX_CONCURRENCY);
export const limit = (value: string): number => wholeNumber(value, MAX_LISTED);

export function variant(value: string): 'original' | 'medium' | 'thumb' {
  if (value === 'original' || value === 'medium' || value === 'thumb') return value;
  throw new InvalidArgumentError('must be original, medium or thumb.');
}

/** RFC 3339, which has no year after 9999. */
function timestamp(date: Date): string {
  if (date.getUTCFullYear() > 9999) throw new InvalidArgumentError('must be before the year 9999.');
  return date.toISOString();
}

/** The first instant of a year, month or day, or the instant itself; RFC 3339. */
export function from(value: string): string {
  const period = periodOf(value);
  if (period === undefined) throw new InvalidArgumentError(`must be like ${WHEN}.`);
  return timestamp(period.start);
}

/** The first instant after a year, month or day, or the instant itself; RFC 3339. */
export function to(value: string): string {
  const period = periodOf(value);
  if (period === undefined) throw new InvalidArgumentError(`must be like ${WHEN}.`);
  return timestamp(period.end);
}

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

export const WHEN = '2024, 2024-05, 2024-05-01 or 2024-05-01T14:00';

/** A stretch of time; `end` does not belong to it. */
interface Period {
  start: Date;
  end: Date;
}

/** By the clock of this computer. Months count from 0, and 12 is the January after. */
function localDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setHours(0, 0, 0, 0);
  // The constructor would take the years 0 to 99 for those of the last century.
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
 * The period that a text names: a year, a month, a day or an instant (RFC 3339). Without an offset the clock of this computer
 * counts. Undefined when the text is none of these.
 */
export function periodOf(text: string): Period | undefined {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return periodOfDay(text);
  const instant = new Date(text);
  if (periodOfDay(day) === undefined || Number.isNaN(instant.getTime())) return undefined;
  return { start: instant, end: instant };
}

/** When something ends that lasts for a time (`30m`, `12h`, `7d`, `2w`) or until the end of a day or an instant. Undefined: neither. */
export function endOf(text: string, now: Date): Date | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined) return periodOf(text)?.end;
  return new Date(now.getTime() + Number(amount) * MINUTES[unit as keyof typeof MINUTES] * 60_000);
}
