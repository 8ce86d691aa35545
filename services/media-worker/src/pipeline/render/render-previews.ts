import { previewSizes } from '@lazyphotos/contracts';
import { rgbaToThumbHash } from 'thumbhash';
import type { Preview, PreviewVariant } from '../types.js';
import { fit, fromPixels, type Pixels } from './render-pixels.js';

const JPEG_QUALITY = 80;

export interface Rendered {
  previews: Preview[];
  placeholder: string;
}

/** Makes all previews from the decoded pixels: each size from the next larger one, which takes a tenth of the time of decoding. */
export async function renderPreviews(medium: Pixels): Promise<Rendered> {
  const [mediumPreview, { thumb, placeholder }] = await Promise.all([
    encode('medium', medium),
    renderSmall(medium),
  ]);
  return { previews: [thumb, mediumPreview], placeholder };
}

async function renderSmall(medium: Pixels): Promise<{ thumb: Preview; placeholder: string }> {
  const pixels = await fit(fromPixels(medium), previewSizes.thumb);
  const [thumb, placeholder] = await Promise.all([encode('thumb', pixels), renderPlaceholder(pixels)]);
  return { thumb, placeholder };
}

/** Pixels have no metadata, so no location can be in a preview. JPEG has no transparency: the background is white. */
async function encode(variant: PreviewVariant, pixels: Pixels): Promise<Preview> {
  const { width, height } = pixels;
  const data = await fromPixels(pixels)
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
  return { variant, data, contentType: 'image/jpeg', width, height };
}

/** The format allows 100 (https://evanw.github.io/thumbhash/), but keeps at most 7 waves a side: 64 are plenty. */
const PLACEHOLDER_SIDE = 64;

/** Returns a thumbhash of about 25 bytes, base64, that clients show while the preview loads. */
export async function renderPlaceholder(thumb: Pixels): Promise<string> {
  const small = await fit(fromPixels(thumb).ensureAlpha(), PLACEHOLDER_SIDE);
  return Buffer.from(rgbaToThumbHash(small.width, small.height, toRgba(small))).toString('base64');
}

/** Grey pictures have one channel for the three colours. */
function toRgba({ data, channels }: Pixels): Uint8Array {
  if (channels === 4) return data;
  const rgba = new Uint8Array((data.length / channels) * 4);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    rgba.fill(data[from] ?? 0, to, to + 3);
    rgba[to + 3] = data[from + 1] ?? 255;
  }
  return rgba;
}
