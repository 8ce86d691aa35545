import { type CopyEdits, isCameraRaw } from '@lazyphotos/contracts';
import { type MetadataTool, UnwritableError, type WrittenTags } from '../pipeline/metadata/exiftool.js';
import { findLocation } from './find-tags.js';
import { CopyUnsupportedError, NO_LOCATION, type Rewrite, writeWithout } from './remove-tags.js';

/**
 * Writes `target` with the edits in EXIF, IPTC and XMP, as far as the format has these. Resolves to false if that changes nothing;
 * then `target` is not to be used.
 * @throws CopyUnsupportedError
 */
export async function embedEdits(tool: MetadataTool, rewrite: Rewrite, edits: CopyEdits): Promise<boolean> {
  const tags = editedTags(edits, rewrite.mimeType);
  try {
    if (edits.location === null) {
      return await writeWithout(tool, rewrite, { ...NO_LOCATION, ...tags }, findLocation);
    }
    if (Object.keys(tags).length === 0) return false;
    return await tool.write(rewrite.source, rewrite.target, tags);
  } catch (error) {
    if (error instanceof UnwritableError) throw new CopyUnsupportedError(error.message, error);
    throw error;
  }
}

/** Returns the tags that hold the edits, as the Metadata Working Group's guidelines (2.0) place them. */
export function editedTags(edits: CopyEdits, mimeType: string): WrittenTags {
  const { description, tags, rating, capturedAt, location, cameraMake, cameraModel } = edits;
  return {
    ...(location ? locationTags(location) : {}),
    ...(description !== undefined && descriptionTags(description)),
    ...(tags && keywordTags(tags)),
    ...(rating !== undefined && ratingTags(rating)),
    ...(capturedAt !== undefined && dateTags(new Date(capturedAt), edits.capturedAtOffset)),
    ...(cameraMake !== undefined && cameraTags('Make', cameraMake, mimeType)),
    ...(cameraModel !== undefined && cameraTags('Model', cameraModel, mimeType)),
  };
}

/** Sets the coordinates. The names of the old place are removed. */
function locationTags({ lat, lon, altitude }: NonNullable<CopyEdits['location']>): WrittenTags {
  const isSet = altitude !== undefined;
  return {
    ...NO_LOCATION,
    'EXIF:GPSLatitude': Math.abs(lat),
    'EXIF:GPSLatitudeRef': lat < 0 ? 'S' : 'N',
    'EXIF:GPSLongitude': Math.abs(lon),
    'EXIF:GPSLongitudeRef': lon < 0 ? 'W' : 'E',
    ...(isSet && { 'EXIF:GPSAltitude': Math.abs(altitude), 'EXIF:GPSAltitudeRef#': altitude < 0 ? 1 : 0 }),
    // In XMP the hemisphere is part of the coordinate; exiftool derives it from the sign.
    'XMP-exif:GPSLatitude': lat,
    'XMP-exif:GPSLongitude': lon,
    ...(isSet && {
      'XMP-exif:GPSAltitude': Math.abs(altitude),
      'XMP-exif:GPSAltitudeRef#': altitude < 0 ? 1 : 0,
    }),
  };
}

const descriptionTags = (text: string | null): WrittenTags => ({
  'EXIF:ImageDescription': text || null,
  ...iptc('Caption-Abstract', text || null),
  'XMP-dc:Description': text || null,
});

const keywordTags = (tags: readonly string[]): WrittenTags => ({
  ...iptc('Keywords', tags.length > 0 ? tags : null),
  'XMP-dc:Subject': tags.length > 0 ? tags : null,
});

/** IPTC text is Latin 1 unless a tag declares UTF-8. That tag is only written if needed, so that other IPTC text stays readable. */
function iptc(name: string, value: string | readonly string[] | null): WrittenTags {
  const isAscii = /^[\t\n\r -~]*$/.test([value ?? ''].flat().join(''));
  return { [`IPTC:${name}`]: value, ...(!isAscii && { 'IPTC:CodedCharacterSet': 'UTF8' }) };
}

const ratingTags = (stars: number | null): WrittenTags => ({
  'XMP-xmp:Rating': stars,
  'EXIF:Rating': stars,
  // The percentages of Windows would contradict the stars.
  'EXIF:RatingPercent': null,
  'XMP-microsoft:RatingPercent': null,
});

/** Without an offset the time is written in UTC and has no zone, so an offset in the original is removed. */
function dateTags(at: Date, offset: number | undefined): WrittenTags {
  const local = new Date(at.getTime() + (offset ?? 0) * 60_000).toISOString();
  const [day = '', time = ''] = local.slice(0, 19).replaceAll('-', ':').split('T');
  const milliseconds = local.slice(20, 23);
  const zone = offset === undefined ? '' : zoneText(offset);
  const complete = `${day} ${time}.${milliseconds}${zone}`;
  const each = (names: readonly string[], value: string | null) =>
    Object.fromEntries(names.map((name) => [name, value]));
  return {
    ...each(['EXIF:DateTimeOriginal', 'EXIF:CreateDate'], `${day} ${time}`),
    ...each(['EXIF:SubSecTimeOriginal', 'EXIF:SubSecTimeDigitized'], milliseconds),
    ...each(['EXIF:OffsetTimeOriginal', 'EXIF:OffsetTimeDigitized', 'EXIF:OffsetTime'], zone || null),
    'EXIF:TimeZoneOffset': null,
    ...each(['XMP-photoshop:DateCreated', 'XMP-exif:DateTimeOriginal', 'XMP-xmp:CreateDate'], complete),
    'IPTC:DateCreated': day,
    // The time of IPTC always has a zone.
    'IPTC:TimeCreated': zone ? `${time}${zone}` : null,
  };
}

function zoneText(offset: number): string {
  const minutes = Math.abs(offset);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Programs recognize the kind of camera RAW by the make in EXIF, so it is not changed there. */
const cameraTags = (name: 'Make' | 'Model', text: string | null, mimeType: string): WrittenTags => ({
  ...(isCameraRaw(mimeType) ? {} : { [`EXIF:${name}`]: text || null }),
  [`XMP-tiff:${name}`]: text || null,
});
