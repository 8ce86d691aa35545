/**
 * Where a photo's capture time can come from, the most believable first. This is the one order of the project: the media
 * worker walks it through what the file says, the catalog through what is left when the file says nothing. When a picture was
 * taken beats when it was digitised, and what the camera wrote beats what a program added.
 */
export const CAPTURED_AT_SOURCES = [
  /** Corrected by the photo's owner. */
  'user',
  /** EXIF DateTimeOriginal: the camera's clock when the picture was taken. */
  'exifOriginal',
  /** XMP exif:DateTimeOriginal, photoshop:DateCreated or xmpDM:shotDate: when it was taken, as a program keeps it. */
  'xmpOriginal',
  /** IPTC DateCreated and TimeCreated. */
  'iptcOriginal',
  /** What the photo library that was imported from says, in a file beside the photo: people correct dates there. */
  'sidecar',
  /** EXIF DateTimeDigitized (exiftool: CreateDate): the moment of capture for a camera, a later one for a scanner. */
  'exifDigitized',
  /** XMP xmp:CreateDate, exif:DateTimeDigitized or dc:date. */
  'xmpDigitized',
  /** IPTC DigitalCreationDate and DigitalCreationTime. */
  'iptcDigitized',
  /** The file format's own creation date: PNG text, QuickTime and ISO base media, RIFF, maker notes. */
  'container',
  /** GPS time at the last fix, always UTC. */
  'gps',
  /** The last change that the metadata names: EXIF DateTime (exiftool: ModifyDate), XMP ModifyDate or MetadataDate, PNG tIME. */
  'metadataModified',
  /** What the client announced, from a source of its own such as the phone's photo library. */
  'client',
  /** A date in the file's name. The time of day can be that of the modification, when the name has none. */
  'fileName',
  /** The year in the name of the folder that the photo was imported from. */
  'folderYear',
  /** The modification time of the file on the device. */
  'fileModified',
] as const;
export type CapturedAtSource = (typeof CAPTURED_AT_SOURCES)[number];

/** Returns whether a date from `a` is more believable than one from `b`. */
export const isBetterSource = (a: CapturedAtSource, b: CapturedAtSource): boolean =>
  CAPTURED_AT_SOURCES.indexOf(a) < CAPTURED_AT_SOURCES.indexOf(b);

/** The sources that a client can name for the `capturedAt` that it announces. */
export const ANNOUNCED_DATE_SOURCES = [
  'sidecar',
  'client',
  'fileName',
  'folderYear',
  'fileModified',
] as const satisfies readonly CapturedAtSource[];
export type AnnouncedDateSource = (typeof ANNOUNCED_DATE_SOURCES)[number];

/** The first photograph that survives was taken in 1826 or 1827. */
const FIRST_YEAR = 1826;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether a photo can have been taken then: not before photography, and not after tomorrow (clocks and zones are off by hours). */
export function isPlausibleCaptureTime(date: Date, now: Date): boolean {
  return date.getUTCFullYear() >= FIRST_YEAR && date.getTime() <= now.getTime() + DAY_MS;
}

/**
 * Times that stand for "unknown": the zero of Unix, of FAT and of old Macs. Programs write them in local time, so a day to
 * either side means the same.
 */
const ZERO_TIMES = [Date.UTC(1970, 0, 1), Date.UTC(1980, 0, 1), Date.UTC(1904, 0, 1)];

/**
 * Whether a file's modification time can tell when a photo was taken: plausible as such, in the past, and none of the times that
 * archives and disks give to files whose time they do not know.
 */
export function isPlausibleModificationTime(date: Date, now: Date): boolean {
  return (
    isPlausibleCaptureTime(date, now) &&
    date <= now &&
    ZERO_TIMES.every((zero) => Math.abs(date.getTime() - zero) > DAY_MS)
  );
}

export interface WallClock {
  year: number;
  /** 1 to 12, 1 if absent. */
  month?: number | undefined;
  /** 1 to 31, 1 if absent. */
  day?: number | undefined;
  hour?: number | undefined;
  minute?: number | undefined;
  second?: number | undefined;
  millisecond?: number | undefined;
}

/**
 * Returns what a clock on the wall showed, taken as UTC; undefined when no clock shows it (31 February, minute 60). Hour 24,
 * which some phones write for the hour after midnight, is hour 0 of the same day; second 60 is the next minute's first.
 */
export function wallClockAsUtc(clock: WallClock): Date | undefined {
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0 } = clock;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  // Dates that no calendar has are carried over into the next month.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour % 24, minute, second, millisecond);
  return date;
}

/**
 * The names of each month in English, German, French, Spanish, Italian, Portuguese and Dutch, and the short ones that are no
 * other word in one of them.
 */
const MONTHS = [
  'january jan januar jänner janvier enero ene gennaio janeiro januari',
  'february feb februar février fevrier febrero febbraio fevereiro fev februari',
  'march mar märz maerz mrz mars marzo março maart mrt',
  'april apr avril avr abril abr aprile',
  'may mai mayo maggio maio mei',
  'june jun juni juin junio giugno junho',
  'july jul juli juillet julio luglio julho',
  'august aug août aout agosto augustus',
  'september sep sept septembre septiembre settembre setembro',
  'october oct oktober okt octobre octubre ottobre outubro',
  'november nov novembre noviembre novembro',
  'december dec dezember dez décembre decembre diciembre dic dicembre dezembro',
].map((names) => names.split(' '));

/** Returns 1 to 12 for a month's name or its usual short form, in any case; undefined for other text. */
export function monthByName(name: string): number | undefined {
  const index = MONTHS.findIndex((names) => names.includes(name.toLowerCase()));
  return index === -1 ? undefined : index + 1;
}
