/** Tags as exiftool prints them, keyed `Group:Name`. Values are the file's own and not to be trusted. */
export type RawTags = Readonly<Record<string, unknown>>;

/** Embedded pictures that a camera RAW may hold. */
export const embeddedPictureTags = [
  'JpgFromRaw',
  'JpgFromRaw2',
  'PreviewImage',
  'OtherImage',
  'ThumbnailImage',
];

/** As exiftool calculates with them. The thumbnail in IFD1 may have an orientation of its own. */
const numericTags = [
  'IFD0:Orientation',
  'FNumber',
  'ExposureTime',
  'FocalLength',
  'GPSLatitude',
  'GPSLatitudeRef',
  'GPSLongitude',
  'GPSLongitudeRef',
  'GPSCoordinates',
  'GPSAltitude',
  'GPSAltitudeRef',
  'Rating',
  'RatingPercent',
  // Google's marks of a photo with a video behind it.
  'XMP-GCamera:MotionPhoto',
  'XMP-GCamera:MicroVideo',
  'XMP-GCamera:MicroVideoOffset',
  'XMP-GContainer:DirectoryItemLength',
];

/** From exiftool.config. */
const coordinateTags = ['ExifLatitude', 'ExifLongitude', 'XmpLatitude', 'XmpLongitude'];

const dateTags = [
  'DateTimeOriginal',
  'SubSecTimeOriginal',
  'OffsetTimeOriginal',
  'CreateDate',
  'DateTimeDigitized',
  'SubSecTimeDigitized',
  'OffsetTimeDigitized',
  'ModifyDate',
  'SubSecTime',
  'OffsetTime',
  'DateCreated',
  'TimeCreated',
  'DigitalCreationDate',
  'DigitalCreationTime',
  'CreationTime',
  'CreationDate',
  'MediaCreateDate',
  'GPSDateStamp',
  'GPSTimeStamp',
  'GPSDateTime',
  'TimeZoneOffset',
  'TimeZone',
  'DaylightSavings',
  // In other schemas of XMP these names mean something else.
  'XMP-tiff:DateTime',
  'XMP-dc:Date',
  'XMP-xmp:MetadataDate',
  'XMP-xmpDM:ShotDate',
  'XMP-microsoft:DateAcquired',
  // The keywords of PNG text are free: programs write `Creation Time`, `creation-time`, `exif:DateTime`, `date:create`, ...
  'PNG:*Date*',
  'PNG:*Time*',
  'PNG:Created',
];

/** How samples are to be read. `Main:` leaves out what an AVIF says of its other items, such as a gain map. */
const codePointTags = ['ColorPrimaries', 'TransferCharacteristics', 'VideoFullRangeFlag'];

const textTags = [
  ...dateTags,
  ...coordinateTags,
  'Make',
  'Model',
  'LensModel',
  'LensID',
  'ISO',
  'ImageWidth',
  'ImageHeight',
];

/**
 * The arguments for exiftool. `-a -G0` returns a tag from every group that has it; JSONQ keeps "024" (24 ms) and "007" (a model)
 * from becoming numbers.
 */
const wantedTags: readonly string[] = [
  '-a',
  '-G0',
  ...['-api', 'StructFormat=JSONQ'],
  ...textTags.map((tag) => `-${tag}`),
  ...numericTags.map((tag) => `-${tag}#`),
  ...codePointTags.map((tag) => `-Main:${tag}#`),
];

/** `-fast` stops exiftool from reading a JPEG to its end in search of a trailer. */
export const tagArguments: readonly string[] = ['-fast', ...wantedTags];

/** For GIF: with `-fast` exiftool stops at the first comment, and XMP may follow it. */
export const gifTagArguments: readonly string[] = wantedTags;

export const rawTagArguments: readonly string[] = [
  ...tagArguments,
  ...embeddedPictureTags.map((tag) => `-${tag}`),
];

/** Groups in the order in which a value is believed: what exiftool derives, what the camera wrote, what programs added. */
const groupOrder = ['Composite', 'EXIF', 'XMP'];

/** The values that a tag has in the groups of the file, the most believable first. */
export function valuesOf(tags: RawTags, name: string, order: readonly string[] = groupOrder): unknown[] {
  const rank = (key: string) => {
    const index = order.indexOf(groupOf(key));
    return index === -1 ? order.length : index;
  };
  return Object.keys(tags)
    .filter((key) => key.endsWith(`:${name}`))
    .sort((a, b) => rank(a) - rank(b))
    .map((key) => tags[key]);
}

export function firstOf(tags: RawTags, name: string, order?: readonly string[]): unknown {
  return valuesOf(tags, name, order)[0];
}

export function groupOf(key: string): string {
  return key.slice(0, key.indexOf(':'));
}
