import { cleanNumber } from './clean.js';
import type { RawTags } from './tags.js';

/** From below the deepest sea to beyond every orbit of a camera. */
const LOWEST_METRES = -12_000;
const HIGHEST_METRES = 500_000;

/** Returns the altitude in metres, negative below the sea; undefined if the file has none that is believable. */
export function altitudeOf(tags: RawTags): number | undefined {
  return (
    withReference(tags['EXIF:GPSAltitude'], tags['EXIF:GPSAltitudeRef']) ??
    withReference(tags['XMP:GPSAltitude'], tags['XMP:GPSAltitudeRef']) ??
    // ISO 6709, with a sign; exiftool prints `latitude longitude altitude`.
    clean(String(tags['QuickTime:GPSCoordinates'] ?? '').split(' ')[2])
  );
}

/** Of GPSAltitudeRef, 1 is below the surface; EXIF 3.0 adds 3. A program that writes a sign instead is understood. */
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
