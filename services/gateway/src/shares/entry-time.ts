import type { SharedPhoto } from '@lazyphotos/contracts';

/** ZIP counts from 1980, and ends in 2107 (APPNOTE.TXT 4.4.6: the MS-DOS format). */
const FIRST_YEAR = 1980;
const LAST_YEAR = 2107;

/**
 * The date of an entry: what the clock showed where the photo was taken, as programs show it, since a ZIP has no zones. The
 * Date has it as this process's local time. A photo without a known zone has it in UTC; one without a date that of its upload.
 */
export function entryTime(
  { capturedAt, capturedAtOffset = 0 }: Pick<SharedPhoto, 'capturedAt' | 'capturedAtOffset'>,
  uploadedAt: Date,
): Date {
  const instant = capturedAt === undefined ? uploadedAt.getTime() : Date.parse(capturedAt);
  const there = new Date(instant + capturedAtOffset * 60_000);
  const year = there.getUTCFullYear();
  if (year < FIRST_YEAR) return new Date(FIRST_YEAR, 0, 1);
  if (year > LAST_YEAR) return new Date(LAST_YEAR, 11, 31, 23, 59, 58);
  return new Date(
    year,
    there.getUTCMonth(),
    there.getUTCDate(),
    there.getUTCHours(),
    there.getUTCMinutes(),
    there.getUTCSeconds(),
  );
}
