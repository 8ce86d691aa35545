/** RFC 3339 and PostgreSQL agree on the years 1 to 9999. In milliseconds since 1970. */
export const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00.000Z');
export const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** Returns undefined for a date that is not valid or that a database or a JSON document cannot hold. */
export function storableDate(value: Date | string | number | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const date = new Date(value);
  const time = date.getTime();
  return time >= FIRST_INSTANT && time <= LAST_INSTANT ? date : undefined;
}
