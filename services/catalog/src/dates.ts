import { z } from 'zod';

/** RFC 3339 and PostgreSQL agree on the years 1 to 9999. */
const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/** A point in time as a cursor holds it: milliseconds, no further away than the database can go. */
export const instant = z.number().int().min(FIRST).max(LAST);

/** A photo's date; one that cannot be stored is not believed. */
export function storableDate(value: string | undefined): Date | null {
  if (value === undefined) return null;
  const time = Date.parse(value);
  return time >= FIRST && time <= LAST ? new Date(time) : null;
}

/** A bound of a search: there is nothing beyond the first and the last instant. */
export const nearestInstant = (value: string): Date =>
  new Date(Math.min(Math.max(Date.parse(value), FIRST), LAST));
