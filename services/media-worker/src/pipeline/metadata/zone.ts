import type { RawTags } from './tags.js';
import { parseOffset, parseWrittenDate, type WrittenDate } from './written-date.js';

/**
 * Returns the offset from UTC, in minutes, that the camera wrote for its dates: the first valid one of `offsetTags` in the group
 * (blank and invalid ones are skipped), then EXIF's older TimeZoneOffset, then the maker notes.
 */
export function cameraOffset(
  tags: RawTags,
  group: string,
  offsetTags: readonly string[],
): number | undefined {
  for (const name of offsetTags) {
    const offset = parseOffset(tags[`${group}:${name}`]);
    if (offset !== undefined) return offset;
  }
  return group === 'EXIF' ? (timeZoneOffset(tags) ?? makerNotesOffset(tags)) : undefined;
}

/** TIFF/EP tag 0x882a: whole hours, for DateTimeOriginal and optionally a second value for DateTime. */
function timeZoneOffset(tags: RawTags): number | undefined {
  const hours = /^\s*([-+]?)(\d{1,2})\b/.exec(String(tags['EXIF:TimeZoneOffset'] ?? ''));
  return hours ? parseOffset(`${hours[1] || '+'}${hours[2]}`) : undefined;
}

/** Canon and Nikon write the time zone of the camera's clock; Nikon's value does not include summer time. */
function makerNotesOffset(tags: RawTags): number | undefined {
  const offset = parseOffset(tags['MakerNotes:TimeZone']);
  const summerTime =
    /^nikon/i.test(String(tags['EXIF:Make'])) && tags['MakerNotes:DaylightSavings'] === 'Yes';
  return offset === undefined ? undefined : offset + (summerTime ? 60 : 0);
}

/** Returns date and time of the last GPS fix in UTC as text, or the date alone; undefined when there was no fix. */
export function gpsTime(tags: RawTags): string | undefined {
  const [date, time] = [tags['EXIF:GPSDateStamp'], tags['EXIF:GPSTimeStamp']];
  const text = typeof date === 'string' ? `${date} ${time ?? ''}` : tags['XMP:GPSDateTime'];
  // Receivers without a fix write the first year of GPS time (1980) or of Unix time.
  return typeof text === 'string' && !/^(?:1980|1970)/.test(text) ? text : undefined;
}

/**
 * Offsets from UTC that are not whole hours, in minutes, as used in the last decades
 * (https://www.iana.org/time-zones).
 */
const FRACTIONAL_HOUR_ZONES = new Set([
  -570, -270, -210, -150, 210, 270, 330, 345, 390, 450, 510, 525, 570, 630, 690, 765, 825,
]);
/** The greatest accepted difference between GPS time and the camera's clock: cameras reuse a fix for some minutes. */
const TOLERANCE_MINUTES = 5;
/** For a GPS time of exactly 00:00:00, which some cameras also write when the time is unknown. */
const MIDNIGHT_TOLERANCE_MINUTES = 1;
const MINUTE_MS = 60_000;

/**
 * Returns the offset of the camera's clock from UTC in minutes, calculated from the GPS time of the same photo; undefined when
 * the difference is not the offset of any time zone: then the fix is old or the clock is wrong.
 */
export function offsetFromGps(written: WrittenDate, tags: RawTags): number | undefined {
  const gps = parseWrittenDate(gpsTime(tags));
  if (written.precision !== 'time' || gps?.precision !== 'time') return undefined;
  const minutes = (written.wallClock.getTime() - gps.wallClock.getTime()) / MINUTE_MS;
  const offset = Math.round(minutes / 15) * 15;
  const isZone =
    offset >= -12 * 60 && offset <= 14 * 60 && (offset % 60 === 0 || FRACTIONAL_HOUR_ZONES.has(offset));
  const isMidnight = gps.wallClock.toISOString().endsWith('T00:00:00.000Z');
  const tolerance = isMidnight ? MIDNIGHT_TOLERANCE_MINUTES : TOLERANCE_MINUTES;
  return isZone && Math.abs(minutes - offset) <= tolerance ? offset : undefined;
}
