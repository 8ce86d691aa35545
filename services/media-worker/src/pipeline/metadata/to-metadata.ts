import type { PhotoMetadata } from '../types.js';
import { capturedAt } from './captured-at.js';
import { cleanInteger, cleanLocation, cleanNumber, cleanText } from './clean.js';
import { firstOf, groupOf, type RawTags, valuesOf } from './tags.js';

/** The camera's own tags first; EXIF before what exiftool composes, since a composed value may be a program's. */
const cameraFirst = ['EXIF', 'XMP'];
const int32Max = 2 ** 31 - 1;

/** Turns what a file claims into what can be believed. Pure. */
export function toMetadata(tags: RawTags, now: Date): PhotoMetadata {
  const first = <T>(name: string, clean: (value: unknown) => T | undefined): T | undefined =>
    firstDefined(valuesOf(tags, name, cameraFirst), clean);
  const location = locationOf(tags);
  return defined({
    capturedAt: capturedAt(tags, now),
    ...sizeOf(tags),
    locationLat: location?.lat,
    locationLon: location?.lon,
    cameraMake: first('Make', cleanText),
    cameraModel: first('Model', cleanText),
    lensModel: first('LensModel', cleanText) ?? lensFromMakerNotes(tags),
    // The bounds are far beyond any lens or sensor made (f/0.33 to pinholes, a day's exposure, ISO 3 280 000).
    fNumber: first('FNumber', (value) => cleanNumber(value, 0, 1024)),
    exposureTime: first('ExposureTime', (value) => cleanNumber(value, 0, 86_400)),
    iso: first('ISO', (value) => cleanInteger(value, 0, 10_000_000)),
    focalLength: first('FocalLength', (value) => cleanNumber(value, 0, 100_000)),
    // No second opinion here: the decoder goes by EXIF alone, and must agree with what is stored.
    orientation: cleanInteger(firstOf(tags, 'Orientation', cameraFirst), 0, 8),
  });
}

/** Composite first: it has applied the hemisphere (GPSLatitudeRef) that the plain EXIF value lacks. */
function locationOf(tags: RawTags): { lat: number; lon: number } | undefined {
  for (const group of ['Composite', 'EXIF', 'XMP']) {
    const location = cleanLocation(tags[`${group}:GPSLatitude`], tags[`${group}:GPSLongitude`]);
    if (location) return location;
  }
  return undefined;
}

/** The decoder's header first: EXIF and XMP keep the size that the picture had before it was edited. */
function sizeOf(tags: RawTags): { width?: number; height?: number } {
  const groups = Object.keys(tags)
    .filter((key) => key.endsWith(':ImageWidth'))
    .map(groupOf);
  const order = ['File', ...groups.filter((group) => !['EXIF', 'XMP', 'MakerNotes'].includes(group)), 'EXIF'];
  for (const group of order) {
    const width = cleanInteger(tags[`${group}:ImageWidth`], 0, int32Max);
    const height = cleanInteger(tags[`${group}:ImageHeight`], 0, int32Max);
    if (width && height) return { width, height };
  }
  return {};
}

/** Older cameras name the lens by a number in their maker notes, which exiftool looks up: unknown or ambiguous is absent. */
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
