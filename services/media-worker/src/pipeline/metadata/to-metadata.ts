import type { PhotoMetadata } from '../types.js';
import { captureTime } from './captured-at.js';
import { cleanInteger, cleanNumber, cleanText } from './clean.js';
import { altitudeOf, locationOf } from './location.js';
import { groupOf, type RawTags, valuesOf } from './tags.js';

/** The camera's own tags have priority. EXIF comes before values that exiftool composes, since those may come from a program. */
const CAMERA_FIRST = ['EXIF', 'XMP'];
const INT32_MAX = 2 ** 31 - 1;

/** Returns the plausible metadata among the tags of a file. Pure. */
export function toMetadata(tags: RawTags, now: Date): PhotoMetadata {
  const first = <T>(name: string, clean: (value: unknown) => T | undefined): T | undefined =>
    firstDefined(valuesOf(tags, name, CAMERA_FIRST), clean);
  const location = locationOf(tags);
  return defined({
    ...captureTime(tags, now),
    ...sizeOf(tags),
    locationLat: location?.lat,
    locationLon: location?.lon,
    altitude: location && altitudeOf(tags),
    rating: ratingOf(tags),
    cameraMake: first('Make', cleanText),
    cameraModel: first('Model', cleanText),
    lensModel: first('LensModel', cleanText) ?? lensFromMakerNotes(tags),
    // The bounds are far beyond any lens or sensor made (f/0.33 to pinholes, a day's exposure, ISO 3 280 000).
    fNumber: first('FNumber', (value) => cleanNumber(value, 0, 1024)),
    exposureTime: first('ExposureTime', (value) => cleanNumber(value, 0, 86_400)),
    iso: first('ISO', (value) => cleanInteger(value, 0, 10_000_000)),
    focalLength: first('FocalLength', (value) => cleanNumber(value, 0, 100_000)),
    orientation: cleanInteger(tags['EXIF:Orientation'], 0, 8),
  });
}

/** The size in the header has priority: EXIF and XMP keep the size that the picture had before it was edited. */
function sizeOf(tags: RawTags): { width?: number; height?: number } {
  const groups = Object.keys(tags)
    .filter((key) => key.endsWith(':ImageWidth'))
    .map(groupOf);
  const order = ['File', ...groups.filter((group) => !['EXIF', 'XMP', 'MakerNotes'].includes(group)), 'EXIF'];
  for (const group of order) {
    const width = cleanInteger(tags[`${group}:ImageWidth`], 0, INT32_MAX);
    const height = cleanInteger(tags[`${group}:ImageHeight`], 0, INT32_MAX);
    if (width && height) return { width, height };
  }
  return {};
}

/**
 * Returns the lens that exiftool finds for the number in the maker notes of older cameras; undefined if it is unknown or ambiguous.
 */
function lensFromMakerNotes(tags: RawTags): string | undefined {
  const lens = cleanText(tags['Composite:LensID']);
  return lens === undefined || /^Unknown|^[\d\s.]+$| or /.test(lens) ? undefined : lens;
}

function firstDefined<T>(values: unknown[], clean: (value: unknown) => T | undefined): T | undefined {
  for (const value of values) {
    const cleaned = clean(value);
    if (cleaned !== undefined) return cleaned;
  }
  return undefined;
}

type Optional<T> = { [K in keyof T]?: T[K] | undefined };

function defined(fields: Optional<PhotoMetadata>): PhotoMetadata {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as PhotoMetadata;
}

/** The stars for the percentages that Windows writes. */
const STARS_OF_PERCENT = [
  { from: 99, stars: 5 },
  { from: 75, stars: 4 },
  { from: 50, stars: 3 },
  { from: 25, stars: 2 },
  { from: 1, stars: 1 },
];

/**
 * Returns the stars, 1 to 5. Programs keep them in XMP (xmp:Rating, where 0 is none and -1 a rejected photo) and in EXIF; the first
 * one with stars is used.
 */
export function ratingOf(tags: RawTags): number | undefined {
  const order = ['XMP', 'EXIF'];
  for (const value of valuesOf(tags, 'Rating', order)) {
    const stars = Math.round(cleanNumber(value, 0, 5) ?? 0);
    if (stars >= 1) return stars;
  }
  for (const value of valuesOf(tags, 'RatingPercent', order)) {
    const percent = cleanNumber(value, 0, 100) ?? 0;
    const found = STARS_OF_PERCENT.find(({ from }) => percent >= from);
    if (found) return found.stars;
  }
  return undefined;
}
