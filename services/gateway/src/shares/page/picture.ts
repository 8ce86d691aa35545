import { previewSizes, type SharedPhoto } from '@lazyphotos/contracts';
import { thumbHashToAverageRGBA } from 'thumbhash';
import { type Html, html } from '../../pages/html.js';

/** Ratios outside these are cropped in the grid: a panorama would be a line, a long screenshot a column. */
const WIDEST = 3;
const TALLEST = 0.45;

const ratioOf = ({ width, height }: SharedPhoto): number => (width && height ? width / height : 1);

const averageColour = (placeholder: string | undefined): string | undefined => {
  const bytes = Buffer.from(placeholder ?? '', 'base64');
  if (bytes.length < 6) return undefined;
  const { r, g, b } = thumbHashToAverageRGBA(bytes);
  return [r, g, b].map((part) => Math.round(part * 15).toString(16)).join('');
};

/**
 * The layout of a photo, as class names. The policy of the page forbids `style` attributes, so a style sheet defines the classes.
 * The name of a class holds its value (`r150` is a ratio of 1.50, `c7ab` the colour #7ab), so similar photos share a class, and the
 * style sheets of several pages can be combined.
 */
export interface Look {
  classes: string;
  rules: readonly string[];
}

export function lookOf(photo: SharedPhoto): Look {
  const hundredths = Math.round(Math.min(WIDEST, Math.max(TALLEST, ratioOf(photo))) * 100);
  const colour = averageColour(photo.placeholder);
  return {
    classes: colour === undefined ? `r${hundredths}` : `r${hundredths} c${colour}`,
    rules: [
      `.r${hundredths}{--r:${hundredths / 100}}`,
      ...(colour === undefined ? [] : [`.c${colour}{--c:#${colour}}`]),
    ],
  };
}

/** Returns the style sheet that defines the classes of these photos. */
export const styleOf = (looks: readonly Look[]): string =>
  [...new Set(looks.flatMap(({ rules }) => rules))].join('');

/** Returns the size of a preview: at most `longSide` pixels, and never larger than the photo. */
function previewSize({ width, height }: SharedPhoto, longSide: number): { width: number; height: number } {
  if (!width || !height) return { width: longSide, height: longSide };
  const scale = Math.min(1, longSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

interface PictureOptions {
  photo: SharedPhoto;
  alt: string;
  /** Returns the `sizes` attribute: the width at which the picture is shown, if the larger preview has this width. */
  sizes: (width: number) => string;
  isLazy: boolean;
  urlFor: (mediaUrl: string) => string;
}

/** Returns an image with both previews, from which the browser chooses. Undefined while there are none. */
export function picture({ photo, alt, sizes, isLazy, urlFor }: PictureOptions): Html | undefined {
  const { thumb, medium } = photo.thumbnails;
  if (thumb === undefined || medium === undefined) return undefined;
  const small = previewSize(photo, previewSizes.thumb);
  const large = previewSize(photo, previewSizes.medium);
  // All browsers have known `srcset` since 2015; `src` would be a third long URL.
  return html`<img srcset="${urlFor(thumb)} ${small.width}w, ${urlFor(medium)} ${large.width}w" sizes="${sizes(large.width)}" width="${
    large.width
  }" height="${large.height}" alt="${alt}"${isLazy && html` loading="lazy"`}>`;
}
