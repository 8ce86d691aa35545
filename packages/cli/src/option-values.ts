import { InvalidArgumentError } from 'commander';
import { endOf, periodOf, WHEN } from './when.js';

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
