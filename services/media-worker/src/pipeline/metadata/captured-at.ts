import { type CapturedAtSource, capturedAtSources, isPlausibleCaptureTime } from '@lazyphotos/contracts';
import { firstOf, groupOf, type RawTags, valuesOf } from './tags.js';
import { parseFraction, parseWrittenDate, precisions, type WrittenDate } from './written-date.js';
import { cameraOffset, offsetFromGps, satelliteTime } from './zone.js';

export interface CaptureTime {
  capturedAt: Date;
  capturedAtSource: CapturedAtSource;
}

/** A date as the file has it, in one tag or in several. */
interface Candidate {
  date: unknown;
  /** The time of day, where it has a tag of its own. */
  time?: unknown;
  /** Digits after the decimal point of the seconds, in a tag of their own. */
  fraction?: unknown;
  /** What the file says of the zone, minutes; used when the date has none of its own. */
  offset?: number | undefined;
}

/** Where each source has its dates, the most believable first. The order of the sources is that of `capturedAtSources`. */
const candidatesOf: Partial<Record<CapturedAtSource, (tags: RawTags) => Candidate[]>> = {
  exifOriginal: (tags) => [
    {
      date: tags['EXIF:DateTimeOriginal'],
      fraction: firstOf(tags, 'SubSecTimeOriginal'),
      offset: cameraOffset(tags, 'EXIF', ['OffsetTimeOriginal', 'OffsetTimeDigitized', 'OffsetTime']),
    },
  ],
  xmpOriginal: (tags) => [
    {
      date: tags['XMP:DateTimeOriginal'],
      offset: cameraOffset(tags, 'XMP', ['OffsetTimeOriginal', 'OffsetTimeDigitized', 'OffsetTime']),
    },
    { date: tags['XMP:DateCreated'] },
  ],
  iptcOriginal: (tags) => [{ date: tags['IPTC:DateCreated'], time: tags['IPTC:TimeCreated'] }],
  exifDigitized: (tags) => [
    {
      date: tags['EXIF:CreateDate'],
      fraction: firstOf(tags, 'SubSecTimeDigitized'),
      offset: cameraOffset(tags, 'EXIF', ['OffsetTimeDigitized', 'OffsetTimeOriginal', 'OffsetTime']),
    },
  ],
  xmpDigitized: (tags) => [
    {
      date: tags['XMP:DateTimeDigitized'],
      offset: cameraOffset(tags, 'XMP', ['OffsetTimeDigitized', 'OffsetTimeOriginal', 'OffsetTime']),
    },
    { date: tags['XMP:CreateDate'] },
  ],
  iptcDigitized: (tags) => [
    { date: tags['IPTC:DigitalCreationDate'], time: tags['IPTC:DigitalCreationTime'] },
  ],
  container: (tags) => containerDates.flatMap((name) => elsewhere(tags, name)).map((date) => ({ date })),
  gps: (tags) => [{ date: satelliteTime(tags), offset: 0 }],
  metadataModified: (tags) => [
    {
      date: tags['EXIF:ModifyDate'],
      fraction: firstOf(tags, 'SubSecTime'),
      offset: cameraOffset(tags, 'EXIF', ['OffsetTime', 'OffsetTimeOriginal', 'OffsetTimeDigitized']),
    },
    { date: tags['XMP:ModifyDate'] },
    ...[...elsewhere(tags, 'ModifyDate'), tags['PNG:Datemodify']].map((date) => ({ date })),
  ],
};

/**
 * The tags that exiftool gives to the creation date in containers and maker notes. `ExifDateTimeOriginal` and `Datecreate` are
 * what ImageMagick writes into PNG: a copy of the EXIF date, and the date of the file that it read.
 */
const containerDates = [
  'DateTimeOriginal',
  'ExifDateTimeOriginal',
  'CreationTime',
  'CreationDate',
  'CreateDate',
  'DateCreated',
  'MediaCreateDate',
  'Datecreate',
];

/** The values in other groups than the ones that have a source of their own, or are made of others by exiftool. */
function elsewhere(tags: RawTags, name: string): unknown[] {
  const own = ['EXIF', 'XMP', 'IPTC', 'Composite', 'File'];
  return valuesOf(
    Object.fromEntries(Object.entries(tags).filter(([key]) => !own.includes(groupOf(key)))),
    name,
  );
}

interface Found extends WrittenDate {
  source: CapturedAtSource;
}

/**
 * When the photo was taken: the first believable of the dates in the file, in the order of `capturedAtSources`. Where that is
 * only a day, a month or a year, a later source that says more exactly when in it takes its place.
 */
export function captureTime(tags: RawTags, now: Date): CaptureTime | undefined {
  const found = capturedAtSources.flatMap((source) =>
    (candidatesOf[source]?.(tags) ?? []).flatMap((candidate) => read(source, candidate, tags, now)),
  );
  const best = found.reduce<Found | undefined>(
    (best, next) => (best && !refines(best, next) ? best : next),
    undefined,
  );
  if (!best) return undefined;
  const capturedAt = instantOf({ ...best, offset: best.offset ?? offsetOfSameClock(best, found) });
  return { capturedAt, capturedAtSource: best.source };
}

/** The zone that another place in the file writes beside the same reading of the clock, as XMP does beside EXIF's. */
function offsetOfSameClock({ wallClock }: Found, found: Found[]): number | undefined {
  const second = (date: Date) => Math.floor(date.getTime() / 1000);
  const same = (other: Found) => other.precision === 'time' && second(other.wallClock) === second(wallClock);
  return found.find((other) => other.offset !== undefined && same(other))?.offset;
}

/** A date of change says nothing of when on that day the photo was taken. */
function refines(best: Found, next: Found): boolean {
  const common = precisions.indexOf(best.precision);
  if (next.source === 'metadataModified' || precisions.indexOf(next.precision) <= common) return false;
  const length = ['2004', '2004-12', '2004-12-24'][common]?.length;
  const period = ({ wallClock }: Found) => wallClock.toISOString().slice(0, length);
  return period(best) === period(next);
}

function read(source: CapturedAtSource, candidate: Candidate, tags: RawTags, now: Date): Found[] {
  const { date, time, fraction, offset } = candidate;
  const written = parseWrittenDate(typeof time === 'string' ? `${date} ${time}` : date);
  if (!written) return [];
  if (written.precision === 'time' && written.wallClock.getUTCMilliseconds() === 0) {
    written.wallClock.setUTCMilliseconds(parseFraction(fraction));
  }
  const inferred = source === 'metadataModified' ? undefined : offsetFromGps(written, tags);
  const found: Found = { ...written, source, offset: written.offset ?? offset ?? inferred };
  return isPlausibleCaptureTime(instantOf(found), now) ? [found] : [];
}

const minuteMs = 60_000;

/** Without a zone, and of a day, a month or a year, the wall clock is taken as UTC. */
function instantOf({ wallClock, precision, offset = 0 }: Found): Date {
  return precision === 'time' ? new Date(wallClock.getTime() - offset * minuteMs) : wallClock;
}
