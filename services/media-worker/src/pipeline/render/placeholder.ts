import { rgbaToThumbHash } from 'thumbhash';
import { fit, fromPixels, type Pixels } from './render-pixels.js';

/** The format allows 100 (https://evanw.github.io/thumbhash/), but keeps at most 7 waves a side: 64 are plenty. */
const maxSide = 64;

/** A thumbhash of some 25 bytes, base64, that clients paint while the preview loads. */
export async function renderPlaceholder(thumb: Pixels): Promise<string> {
  const small = await fit(fromPixels(thumb).ensureAlpha(), maxSide);
  return Buffer.from(rgbaToThumbHash(small.width, small.height, toRgba(small))).toString('base64');
}

/** Grey pictures come with one grey channel for the three colours. */
function toRgba({ data, channels }: Pixels): Uint8Array {
  if (channels === 4) return data;
  const rgba = new Uint8Array((data.length / channels) * 4);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    rgba.fill(data[from] ?? 0, to, to + 3);
    rgba[to + 3] = data[from + 1] ?? 255;
  }
  return rgba;
}
