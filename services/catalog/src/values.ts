import { FIRST_INSTANT, LAST_INSTANT } from '@lazyphotos/contracts';
import { z } from 'zod';

/** A point in time as a cursor holds it: milliseconds, no further away than the database can go. */
export const instant = z.number().int().min(FIRST_INSTANT).max(LAST_INSTANT);

/** A bound of a search: there is nothing beyond the first and the last instant. */
export const nearestInstant = (value: string): Date =>
  new Date(Math.min(Math.max(Date.parse(value), FIRST_INSTANT), LAST_INSTANT));

/**
 * Returns when a user made an edit, in milliseconds since 1970. One without a time, or of the future (which would shut out every edit
 * until then), is made now: after all that came before it, also within the same millisecond. `newest` is the time of the newest edit
 * so far, minus infinity if there is none.
 */
export function editTime(updatedAt: string | undefined, newest: number, now: Date): number {
  const given = updatedAt === undefined ? undefined : Date.parse(updatedAt);
  return given !== undefined && given <= now.getTime() ? given : Math.max(now.getTime(), newest + 1);
}

/** Far less than the size of an atom on the ground. */
const NEAREST_TO_ZERO = 1e-12;

/**
 * A latitude or longitude as it is stored. The index on places multiplies differences of coordinates, and PostgreSQL raises an error
 * where the product is too small for a float8. A negative zero becomes an ordinary one: JSON and the database do not agree on it.
 */
export const storableDegrees = (degrees: number): number =>
  Math.abs(degrees) < NEAREST_TO_ZERO ? 0 : degrees;
