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

/**
 * Returns when a user made an edit, in milliseconds since 1970. One without a time, or of the future (which would shut out every edit
 * until then), is made now: after all that came before it, also within the same millisecond. `newest` is the time of the newest edit
 * so far, minus infinity if there is none.
 */
export function editTime(updatedAt: string | undefined, newest: number, now: Date): number {
  const given = updatedAt === undefined ? undefined : Date.parse(updatedAt);
  return given !== undefined && given <= now.getTime() ? given : Math.max(now.getTime(), newest + 1);
}
