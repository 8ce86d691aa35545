import type { RawTags } from './tags.js';
import { parseOffset, parseWrittenDate, type WrittenDate } from './written-date.js';

/**
 * The zone that the camera wrote beside its dates, minutes east of Greenwich: the first of these tags of the group that names
 * one (a blank one does not hide the next), else the older TimeZoneOffset of EXIF, else the maker notes.
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

/** TIFF/EP tag 0x882a: whole hours, once for DateTimeOriginal and perhaps once more for DateTime. */
function timeZoneOffset(tags: RawTags): number | undefined {
  const hours = /^\s*([-+]?)(\d{1,2})\b/.exec(String(tags['EXIF:TimeZoneOffset'] ?? ''));
  return hours ? parseOffset(`${hours[1] || '+'}${hours[2]}`) : undefined;
}

/** Canon and Nikon keep the zone of the camera's clock; Nikon's leaves out summer time. */
function makerNotesOffset(tags: RawTags): number | undefined {
  const offset = parseOffset(tags['MakerNotes:TimeZone']);
  const summerTime =
    /^nikon/i.test(String(tags['EXIF:Make'])) && tags['MakerNotes:DaylightSavings'] === 'Yes';
  return offset === undefined ? undefined : offset + (summerTime ? 60 : 0);
}

/** The day and time of the last fix as text, or the day alone; undefined when the file has none. */
export function satelliteTime(tags: RawTags): string | undefined {
  const [day, time] = [tags['EXIF:GPSDateStamp'], tags['EXIF:GPSTimeStamp']];
  const text = typeof day === 'string' ? `${day} ${hasFix(time) ? time : ''}` : tags['XMP:GPSDateTime'];
  // 1980 is where the satellites' calendar begins: a receiver that has heard of no other year.
  return typeof text === 'string' && !text.startsWith('1980') ? text : undefined;
}

/** A receiver without a fix writes zeros. */
const hasFix = (time: unknown): boolean => typeof time === 'string' && !time.startsWith('00:00:00');

/**
 * The zones of the Earth that are no whole hours, minutes east of Greenwich, with the ones of the last decades
 * (https://www.iana.org/time-zones).
 */
const brokenZones = new Set([
  -570, -270, -210, -150, 210, 270, 330, 345, 390, 450, 510, 525, 570, 630, 690, 765, 825,
]);
/** How far the last fix may lie from the picture, and the camera's clock from the time: cameras keep a fix for a while. */
const toleranceMinutes = 5;
const minuteMs = 60_000;

/**
 * The zone of the wall clock, from its difference to the satellites' time of the same picture; undefined when the difference
 * is not that of any zone, since the two then do not belong together or the clock is wrong.
 */
export function offsetFromGps(written: WrittenDate, tags: RawTags): number | undefined {
  const satellites = parseWrittenDate(satelliteTime(tags));
  if (written.precision !== 'time' || satellites?.precision !== 'time') return undefined;
  const minutes = (written.wallClock.getTime() - satellites.wallClock.getTime()) / minuteMs;
  const offset = Math.round(minutes / 15) * 15;
  const isZone = offset >= -12 * 60 && offset <= 14 * 60 && (offset % 60 === 0 || brokenZones.has(offset));
  return isZone && Math.abs(minutes - offset) <= toleranceMinutes ? offset : undefined;
}
