import { cleanLocation, cleanNumber, shortText } from './clean.js';
import type { RawTags } from './tags.js';

export interface Location {
  /** Degrees, WGS 84. */
  lat: number;
  lon: number;
}

/**
 * Returns where the photo was taken. A coordinate with neither a hemisphere nor a sign is ignored: to assume north and east would
 * put photos on the wrong side of the Earth.
 */
export function locationOf(tags: RawTags): Location | undefined {
  return exifLocation(tags) ?? xmpLocation(tags) ?? quickTimeLocation(tags);
}

/**
 * EXIF stores degrees, minutes and seconds without a sign, and the hemisphere in a separate tag. If `parseCoordinate` cannot read
 * the raw value, the number that exiftool calculated is used.
 */
function exifLocation(tags: RawTags): Location | undefined {
  const lat = parseCoordinate(tags['Composite:ExifLatitude']) ?? parseCoordinate(tags['EXIF:GPSLatitude']);
  const lon = parseCoordinate(tags['Composite:ExifLongitude']) ?? parseCoordinate(tags['EXIF:GPSLongitude']);
  return cleanLocation(
    signed(lat, hemisphere(tags['EXIF:GPSLatitudeRef'], 'NS')),
    signed(lon, hemisphere(tags['EXIF:GPSLongitudeRef'], 'EW')),
  );
}

/**
 * XMP stores the hemisphere as a letter after the number (Adobe XMP specification, part 2: GPSCoordinate). Some programs write
 * a sign instead, or EXIF's reference tags, or exiftool's printed form.
 */
function xmpLocation(tags: RawTags): Location | undefined {
  const lat = parseCoordinate(tags['Composite:XmpLatitude']);
  const lon = parseCoordinate(tags['Composite:XmpLongitude']);
  // If one of two decimal numbers has a sign, both are signed numbers: the other one is positive, which is north or east.
  const signedPair = lat?.decimal && lon?.decimal && (lat.sign !== undefined || lon.sign !== undefined);
  const unsigned = signedPair ? 1 : undefined;
  const sideOf = (coordinate: Coordinate | undefined, reference: unknown, letters: 'NS' | 'EW') =>
    hemisphere(coordinate?.letter, letters) ?? hemisphere(reference, letters) ?? coordinate?.sign ?? unsigned;
  return cleanLocation(
    signed(lat, sideOf(lat, tags['XMP:GPSLatitudeRef'], 'NS')),
    signed(lon, sideOf(lon, tags['XMP:GPSLongitudeRef'], 'EW')),
  );
}

/** ISO 6709, which requires a sign; exiftool prints `latitude longitude altitude`. */
function quickTimeLocation(tags: RawTags): Location | undefined {
  const [lat, lon] = String(tags['QuickTime:GPSCoordinates'] ?? '').split(' ');
  return lat && lon ? cleanLocation(Number(lat), Number(lon)) : undefined;
}

interface Coordinate {
  /** Degrees, without the sign. */
  degrees: number;
  sign?: 1 | -1 | undefined;
  /** The hemisphere that is written before or after the number. */
  letter?: string | undefined;
  /** Degrees only, without minutes and seconds. */
  decimal: boolean;
}

const HEMISPHERE_WORD = '(?:n(?:orth)?|s(?:outh)?|e(?:ast)?|w(?:est)?)';
const COORDINATE_PATTERN = new RegExp(
  `^(?<before>${HEMISPHERE_WORD})? ?(?<sign>[-+]?)(?<numbers>\\d(?:[^a-z]|e-\\d)*?) ?(?<after>${HEMISPHERE_WORD})?$`,
  'i',
);
/** Between degrees, minutes and seconds. */
const SEPARATORS = /[\s,;:°º'′’"″”]+/;
/** Units in words: `37 deg 47' 43.08"` is how exiftool prints an angle. */
const UNIT_WORDS = /(?<=[\d. ])(?:d(?:eg(?:rees?)?)?|min(?:utes?)?|sec(?:onds?)?)\b\.?/gi;

/** Reads `37 47 43.08`, `37,47.718S`, `-37.7953`, `S 37° 47' 43.08"`, `37 deg 47' 43.08" S`, `37/1 47/1 4308/100`. */
function parseCoordinate(value: unknown): Coordinate | undefined {
  const text = shortText(value).replaceAll(UNIT_WORDS, '°');
  const { before, sign, numbers, after } = COORDINATE_PATTERN.exec(text)?.groups ?? {};
  if (numbers === undefined) return undefined;
  const parts = numbers.split(SEPARATORS).filter((part) => part !== '');
  // Some programs repeat the minus sign in each part of a negative coordinate.
  const [degrees = Number.NaN, minutes = 0, seconds = 0] = parts.map((part) => Math.abs(toNumber(part)));
  if (parts.length > 3 || !Number.isFinite(degrees) || !(minutes <= 60) || !(seconds <= 60)) return undefined;
  return {
    degrees: degrees + minutes / 60 + seconds / 3600,
    sign: sign === '-' ? -1 : sign === '+' ? 1 : undefined,
    letter: after ?? before,
    decimal: parts.length === 1,
  };
}

/** Returns the value of a number or a fraction; infinity or NaN if the denominator is zero. */
function toNumber(text: string): number {
  const [numerator = '', denominator = '1'] = text.split('/');
  return Number(numerator) / Number(denominator);
}

/** Returns 1 for north or east and -1 for south or west, as a letter or a word in any case; undefined for other text. */
function hemisphere(value: unknown, letters: 'NS' | 'EW'): 1 | -1 | undefined {
  const letter = shortText(value).charAt(0).toUpperCase();
  if (letter === '') return undefined;
  return ([1, -1] as const)[letters.indexOf(letter)];
}

/** Returns degrees with the sign of the hemisphere. A minus together with north or east is a contradiction: undefined. */
function signed(coordinate: Coordinate | undefined, side: 1 | -1 | undefined): number | undefined {
  if (!coordinate) return undefined;
  const { degrees, sign } = coordinate;
  const direction = side ?? sign;
  if (direction === undefined || (sign === -1 && direction === 1)) return undefined;
  return degrees === 0 ? 0 : degrees * direction;
}

/** The range is from below the deepest sea to above the orbit of every camera. */
const LOWEST_METRES = -12_000;
const HIGHEST_METRES = 500_000;

/** Returns the altitude in metres, negative below the sea; undefined if the file has no plausible one. */
export function altitudeOf(tags: RawTags): number | undefined {
  return (
    withReference(tags['EXIF:GPSAltitude'], tags['EXIF:GPSAltitudeRef']) ??
    withReference(tags['XMP:GPSAltitude'], tags['XMP:GPSAltitudeRef']) ??
    // ISO 6709, with a sign; exiftool prints `latitude longitude altitude`.
    clean(String(tags['QuickTime:GPSCoordinates'] ?? '').split(' ')[2])
  );
}

/** Of GPSAltitudeRef, 1 is below the surface; EXIF 3.0 adds 3. Some programs write a sign instead. */
function withReference(value: unknown, reference: unknown): number | undefined {
  const metres = clean(value);
  if (metres === undefined) return undefined;
  return /^[13]$/.test(String(reference)) ? clean(-Math.abs(metres)) : metres;
}

function clean(value: unknown): number | undefined {
  const metres = cleanNumber(value, LOWEST_METRES, HIGHEST_METRES);
  // Centimetres: fractions of EXIF have many more digits than a receiver knows. Adding 0 turns -0 into 0.
  return metres === undefined ? undefined : Math.round(metres * 100) / 100 + 0;
}
