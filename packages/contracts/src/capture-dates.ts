/**
 * The sources of a photo's capture time, the most reliable first. All services use this order: the media worker for the dates in
 * the file, the catalog for all others. The time of capture has priority over the time of digitisation, and what the camera wrote
 * has priority over what a program added.
 */
export const CAPTURED_AT_SOURCES = [
  /** Corrected by the photo's owner. */
  'user',
  /** EXIF DateTimeOriginal: the camera's clock when the picture was taken. */
  'exifOriginal',
  /** XMP exif:DateTimeOriginal, photoshop:DateCreated or xmpDM:shotDate: the time of capture, written by a program. */
  'xmpOriginal',
  /** IPTC DateCreated and TimeCreated. */
  'iptcOriginal',
  /** From the photo library of an import, in a file beside the photo. Users correct dates there. */
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
  /** Announced by the client, from a source such as the photo library of the phone. */
  'client',
  /** A date in the name of the file. If the name has no time of day, it can be that of the modification. */
  'fileName',
  /** The year in the name of the folder that the photo was imported from. */
  'folderYear',
  /** The modification time of the file on the device. */
  'fileModified',
] as const;
export type CapturedAtSource = (typeof CAPTURED_AT_SOURCES)[number];

/** Returns whether a date from `a` is more reliable than one from `b`. */
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

/**
 * Returns whether a photo can have been taken then: after the invention of photography, and at most a day from now, since clocks
 * and zones can be wrong by hours.
 */
export function isPlausibleCaptureTime(date: Date, now: Date): boolean {
  return date.getUTCFullYear() >= FIRST_YEAR && date.getTime() <= now.getTime() + DAY_MS;
}

/**
 * Times that mean "unknown": the epochs of Unix, FAT and old Macs. Programs write them in local time, so a day before or after
 * counts, too.
 */
const ZERO_TIMES = [Date.UTC(1970, 0, 1), Date.UTC(1980, 0, 1), Date.UTC(1904, 0, 1)];

/**
 * Returns whether the modification time of a file can be the capture time of the photo: it is plausible, in the past, and not one
 * that archives and disks use for an unknown time.
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
 * Returns a local time as if it were UTC; undefined if it does not exist (31 February, minute 60). Hour 24, which some phones write
 * for the hour after midnight, is hour 0 of the same day. Second 60 is second 0 of the next minute.
 */
export function wallClockAsUtc(clock: WallClock): Date | undefined {
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0 } = clock;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  // Date.UTC would turn the years 0 to 99 into 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  // JavaScript turns a date that does not exist into one of the next month.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour % 24, minute, second, millisecond);
  return date;
}

/**
 * The names of each month in English, German, French, Spanish, Italian, Portuguese and Dutch, and the short forms that are not
 * another word in one of these languages.
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
