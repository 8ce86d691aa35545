import { cleanLocation, shortText } from './clean.js';
import type { RawTags } from './tags.js';

export interface Location {
  /** Degrees, WGS 84. */
  lat: number;
  lon: number;
}

/**
 * Where the photo was taken, as far as the file says so: a coordinate whose hemisphere is neither named nor shown by a sign is
 * none, since it would put half of the photos on the wrong side of the Earth.
 */
export function locationOf(tags: RawTags): Location | undefined {
  return exifLocation(tags) ?? xmpLocation(tags) ?? quickTimeLocation(tags);
}

/**
 * EXIF keeps degrees, minutes and seconds without a sign, and the hemisphere in tags of their own. Where they are in no notation
 * that is known here, exiftool's reading counts.
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
 * XMP keeps the hemisphere as a letter after the number (Adobe XMP specification, part 2: GPSCoordinate). Programs also write
 * a sign, or copy EXIF's reference beside the number.
 */
function xmpLocation(tags: RawTags): Location | undefined {
  const lat = parseCoordinate(tags['Composite:XmpLatitude']);
  const lon = parseCoordinate(tags['Composite:XmpLongitude']);
  // Where one of two plain numbers has a sign, the other one has none because it is north or east.
  const signedPair = lat?.decimal && lon?.decimal && (lat.sign !== undefined || lon.sign !== undefined);
  const unsigned = signedPair ? 1 : undefined;
  const sideOf = (coordinate: Coordinate | undefined, reference: unknown, letters: 'NS' | 'EW') =>
    hemisphere(coordinate?.letter, letters) ?? hemisphere(reference, letters) ?? coordinate?.sign ?? unsigned;
  return cleanLocation(
    signed(lat, sideOf(lat, tags['XMP:GPSLatitudeRef'], 'NS')),
    signed(lon, sideOf(lon, tags['XMP:GPSLongitudeRef'], 'EW')),
  );
}

/** ISO 6709, always signed; exiftool prints `latitude longitude altitude`. */
function quickTimeLocation(tags: RawTags): Location | undefined {
  const [lat, lon] = String(tags['QuickTime:GPSCoordinates'] ?? '').split(' ');
  return lat && lon ? cleanLocation(Number(lat), Number(lon)) : undefined;
}

interface Coordinate {
  /** Degrees, without the sign. */
  degrees: number;
  sign?: 1 | -1 | undefined;
  /** The hemisphere that stands beside the number. */
  letter?: string | undefined;
  /** One number, of degrees. */
  decimal: boolean;
}

const word = '(?:n(?:orth)?|s(?:outh)?|e(?:ast)?|w(?:est)?)';
const coordinatePattern = new RegExp(
  `^(?<before>${word})? ?(?<sign>[-+]?)(?<numbers>\\d(?:[^a-z]|e-\\d)*?) ?(?<after>${word})?$`,
  'i',
);
/** What may stand between degrees, minutes and seconds. */
const separators = /[\s,;:°º'′’"″”]+/;

/** Reads `37 47 43.08`, `37,47.718S`, `-37.7953`, `S 37° 47' 43.08"`, `37/1 47/1 4308/100`. */
function parseCoordinate(value: unknown): Coordinate | undefined {
  const { before, sign, numbers, after } = coordinatePattern.exec(shortText(value))?.groups ?? {};
  if (numbers === undefined) return undefined;
  const parts = numbers.split(separators).filter((part) => part !== '');
  // A negative coordinate may carry the sign in each of its parts.
  const [degrees = Number.NaN, minutes = 0, seconds = 0] = parts.map((part) => Math.abs(toNumber(part)));
  if (parts.length > 3 || !Number.isFinite(degrees) || !(minutes <= 60) || !(seconds <= 60)) return undefined;
  return {
    degrees: degrees + minutes / 60 + seconds / 3600,
    sign: sign === '-' ? -1 : sign === '+' ? 1 : undefined,
    letter: after ?? before,
    decimal: parts.length === 1,
  };
}

/** A number or a fraction; one with the denominator zero is no finite number. */
function toNumber(text: string): number {
  const [numerator = '', denominator = '1'] = text.split('/');
  return Number(numerator) / Number(denominator);
}

/** 1 for north or east, -1 for south or west, in one letter or in words, in either case; undefined for anything else. */
function hemisphere(value: unknown, letters: 'NS' | 'EW'): 1 | -1 | undefined {
  const letter = shortText(value).charAt(0).toUpperCase();
  if (letter === '') return undefined;
  return ([1, -1] as const)[letters.indexOf(letter)];
}

/** Degrees with the sign of the hemisphere. A minus beside north or east says two things: neither is believed. */
function signed(coordinate: Coordinate | undefined, side: 1 | -1 | undefined): number | undefined {
  if (!coordinate) return undefined;
  const { degrees, sign } = coordinate;
  const direction = side ?? sign;
  if (direction === undefined || (sign === -1 && direction === 1)) return undefined;
  return degrees === 0 ? 0 : degrees * direction;
}
