import { cleanNumber } from './clean.js';
import { type RawTags, valuesOf } from './tags.js';

/** The stars for the percentages that Windows writes. */
const starsOfPercent = [
  { from: 99, stars: 5 },
  { from: 75, stars: 4 },
  { from: 50, stars: 3 },
  { from: 25, stars: 2 },
  { from: 1, stars: 1 },
];

/**
 * Returns the stars, 1 to 5. Programs keep them in XMP (xmp:Rating, where 0 is none and -1 a rejected photo) and in EXIF; the first
 * that has some counts.
 */
export function ratingOf(tags: RawTags): number | undefined {
  const order = ['XMP', 'EXIF'];
  for (const value of valuesOf(tags, 'Rating', order)) {
    const stars = Math.round(cleanNumber(value, 0, 5) ?? 0);
    if (stars >= 1) return stars;
  }
  for (const value of valuesOf(tags, 'RatingPercent', order)) {
    const percent = cleanNumber(value, 0, 100) ?? 0;
    const found = starsOfPercent.find(({ from }) => percent >= from);
    if (found) return found.stars;
  }
  return undefined;
}
