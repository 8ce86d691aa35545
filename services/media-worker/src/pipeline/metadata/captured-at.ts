import { CAPTURED_AT_SOURCES, type CapturedAtSource, isPlausibleCaptureTime } from '@lazyphotos/contracts';
import { firstOf, groupOf, type RawTags } from './tags.js';
import {
  PRECISIONS,
  parseFraction,
  parseOffset,
  parseWrittenDate,
  type WrittenDate,
} from './written-date.js';
import { cameraOffset, gpsTime, offsetFromGps } from './zone.js';

export interface CaptureTime {
  capturedAt: Date;
  capturedAtSource: CapturedAtSource;
  /** Minutes east of UTC, if the file tells the time zone. */
  capturedAtOffset?: number;
}

/** A date as it is written in the file, in one tag or in several. */
interface Candidate {
  date: unknown;
  /** The time of day, where it has its own tag. */
  time?: unknown;
  /** Digits after the decimal point of the seconds, where they have their own tag. */
  fraction?: unknown;
  /** Offset from UTC in minutes from another tag; used when the date itself has none. */
  offset?: number | undefined;
}

/** The tags of each source, the most reliable first. The order of the sources is that of `CAPTURED_AT_SOURCES`. */
const CANDIDATES_OF: Partial<Record<CapturedAtSource, (tags: RawTags) => Candidate[]>> = {
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
    { date: tags['XMP:ShotDate'] },
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
    { date: firstItem(tags['XMP:Date']) },
  ],
  iptcDigitized: (tags) => [
    { date: tags['IPTC:DigitalCreationDate'], time: tags['IPTC:DigitalCreationTime'] },
  ],
  container: (tags) => containerDates(tags, CREATION_NAMES),
  gps: (tags) => [{ date: gpsTime(tags), offset: 0 }],
  metadataModified: (tags) => [
    {
      date: tags['EXIF:ModifyDate'],
      fraction: firstOf(tags, 'SubSecTime'),
      offset: cameraOffset(tags, 'EXIF', ['OffsetTime', 'OffsetTimeOriginal', 'OffsetTimeDigitized']),
    },
    { date: tags['XMP:ModifyDate'] },
    { date: tags['XMP:DateTime'] },
    ...containerDates(tags, CHANGE_NAMES),
    // When Windows imported the photo.
    { date: tags['XMP:DateAcquired'] },
    { date: tags['XMP:MetadataDate'] },
  ],
};

/** dc:date is a list: exiftool returns an array when it has several items. */
function firstItem(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/**
 * Tag names of creation dates in containers, maker notes and PNG text, in the spelling of `plainName`. The names that begin with
 * `exif`, `xmp`, `photoshop`, `tiff` or `date` are ImageMagick's: copies of other metadata, and the times of the file it read.
 */
const CREATION_NAMES = [
  'datetimeoriginal',
  'exifdatetimeoriginal',
  'datetaken',
  'capturedate',
  'capturetime',
  'creationtime',
  'creationdate',
  'createdate',
  'createtime',
  'datecreated',
  'timecreated',
  'created',
  'xmpcreatedate',
  'photoshopdatecreated',
  'mediacreatedate',
  'datetimedigitized',
  'exifdatetimedigitized',
  'date',
  'dcdate',
  'datecreate',
];

/** Tag names of dates of change. `DateTime` is EXIF's name for such a date. */
const CHANGE_NAMES = [
  'modifydate',
  'moddate',
  'modificationdate',
  'modificationtime',
  'datemodified',
  'exifdatetime',
  'datetime',
  'tifftimestamp',
  'datemodify',
  'timestamp',
  'datetimestamp',
];

/** These groups have sources of their own, or exiftool makes them from other groups. */
const OTHER_GROUPS = ['EXIF', 'XMP', 'IPTC', 'Composite', 'File'];

function containerDates(tags: RawTags, names: readonly string[]): Candidate[] {
  const offset = parseOffset(tags['PNG:ExifOffsetTimeOriginal'] ?? tags['PNG:ExifOffsetTime']);
  return Object.entries(tags)
    .filter(([key]) => !OTHER_GROUPS.includes(groupOf(key)))
    .map(([key, date]) => ({ rank: names.indexOf(plainName(key)), key, date }))
    .filter(({ rank }) => rank !== -1)
    .sort((a, b) => a.rank - b.rank)
    .map(({ key, date }) => ({ date, offset: key.startsWith('PNG:ExifDateTime') ? offset : undefined }));
}

/** `PNG:Creation-Time` is `creationtime`. */
function plainName(key: string): string {
  return key
    .slice(key.indexOf(':') + 1)
    .replaceAll(/[-_]/g, '')
    .toLowerCase();
}

interface Found extends WrittenDate {
  source: CapturedAtSource;
  /** Offset of the time zone in which the photo was taken; a time in UTC has an `offset`, but the zone is unknown. */
  zone?: number | undefined;
}

/**
 * Returns when the photo was taken: the first plausible date in the file, in the order of `CAPTURED_AT_SOURCES`. If that is only a
 * day, a month or a year, it is replaced by the next more exact date within that day, month or year.
 */
export function captureTime(tags: RawTags, now: Date): CaptureTime | undefined {
  const found = CAPTURED_AT_SOURCES.flatMap((source) =>
    (CANDIDATES_OF[source]?.(tags) ?? []).flatMap((candidate) => read(source, candidate, tags, now)),
  );
  const best = found.reduce<Found | undefined>(
    (best, next) => (best && !refines(best, next) ? best : next),
    undefined,
  );
  if (!best) return undefined;
  const { source: capturedAtSource, precision } = best;
  const { offset, zone } = best.offset === undefined ? { ...sameClock(best, found) } : best;
  return {
    capturedAt: instantOf({ ...best, offset }),
    capturedAtSource,
    ...(precision === 'time' && zone !== undefined && { capturedAtOffset: zone }),
  };
}

/**
 * Returns another date in the file that shows the same local time and has an offset, as XMP often repeats EXIF's date with the zone.
 * Seconds are compared only if both dates have them.
 */
function sameClock(best: Found, found: Found[]): Found | undefined {
  const isSame = (other: Found) => {
    const unit = best.withoutSeconds || other.withoutSeconds ? MINUTE_MS : 1000;
    const count = ({ wallClock }: Found) => Math.floor(wallClock.getTime() / unit);
    return other.precision === 'time' && count(other) === count(best);
  };
  return found.find((other) => other.offset !== undefined && isSame(other));
}

/** A date of change does not show the time of day at which the photo was taken. */
function refines(best: Found, next: Found): boolean {
  const common = PRECISIONS.indexOf(best.precision);
  if (next.source === 'metadataModified' || PRECISIONS.indexOf(next.precision) <= common) return false;
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
  if (!written.isUtc && source !== 'gps') found.zone = found.offset;
  return isPlausibleCaptureTime(instantOf(found), now) ? [found] : [];
}

const MINUTE_MS = 60_000;

/** A local time without a zone counts as UTC, and so does the start of a day, a month or a year. */
function instantOf({ wallClock, precision, offset = 0 }: Found): Date {
  return precision === 'time' ? new Date(wallClock.getTime() - offset * MINUTE_MS) : wallClock;
}
