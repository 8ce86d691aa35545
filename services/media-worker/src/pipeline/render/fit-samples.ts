import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { wrapAsTiff } from '../heic/tiff.js';
import type { Pixels } from './render-pixels.js';
import { type ConvertedMeaning, type Samples, samplesToSrgb } from './samples-to-srgb.js';

type Open = (where: SharpOptions) => Sharp;

interface Sized extends Samples {
  width: number;
  height: number;
  /** What the numbers mean, instead of what their kind means by default. */
  profile?: Buffer;
}

/** Scales a picture whose samples libvips does not turn into colours, and turns them into colours afterwards. */
export async function fitSamples(
  meaning: ConvertedMeaning,
  open: Open,
  where: SharpOptions,
  side: number,
): Promise<Pixels> {
  // libvips applies a profile to whole numbers alone, and would cut these down to such.
  const samples = await readSamples(meaning, open, { ...where, ignoreIcc: true }, side);
  if (samples.profile) return applyProfile(samples, samples.profile);
  const { width, height } = samples;
  const data = samplesToSrgb(samples, meaning);
  return { data, width, height, channels: (data.length / (width * height)) as Pixels['channels'] };
}

async function readSamples(
  meaning: ConvertedMeaning,
  open: Open,
  where: SharpOptions,
  side: number,
): Promise<Sized> {
  switch (meaning) {
    case 'light': {
      const image = open(where);
      const { channels, icc } = await image.metadata();
      if (channels <= 2) return shrink(image, side, 'b-w');
      return {
        ...(await shrink(image, side, 'scrgb')),
        ...(icc && isRgbProfile(icc) ? { profile: icc } : {}),
      };
    }
    case 'cielab':
      return shrink(open(where), side, 'lab');
    case 'cielab8': {
      // Two descriptions of one picture: see open-cielab8.
      const lightness = await shrink(open({ ...where, page: 0 }), side, 'multiband');
      const { values, channels } = await shrink(open({ ...where, page: 1 }), side, 'multiband');
      for (let at = 0; at < values.length; at += channels) {
        for (const kept of [1, 2]) lightness.values[at + kept] = values[at + kept] ?? 0;
      }
      return lightness;
    }
    default:
      return shrink(open(where), side, 'multiband');
  }
}

/** In a space that the picture is in already, so that the numbers stay what they are. */
async function shrink(image: Sharp, side: number, space: string): Promise<Sized> {
  const { data, info } = await image
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .toColourspace(space)
    .raw({ depth: 'float' })
    .toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  return { values, width: info.width, height: info.height, channels: info.channels };
}

/** ICC.1:2022, 7.2: the colour space that a profile is for, and the mark of a profile. */
const isRgbProfile = (icc: Buffer): boolean =>
  icc.toString('latin1', 16, 20) === 'RGB ' && icc.toString('latin1', 36, 40) === 'acsp';

/** Numbers from 0 to 1 of the profile's own space become 16 bits, which libvips does convert. Above 1 is white. */
async function applyProfile({ values, channels, width, height }: Sized, icc: Buffer): Promise<Pixels> {
  const kept = channels === 3 ? 3 : 4;
  // Room for a header, and for words that begin where words can.
  const pixelOffset = 4096 + icc.length + (icc.length % 2);
  const buffer = new ArrayBuffer(pixelOffset + width * height * kept * 2);
  const words = new Uint16Array(buffer, pixelOffset);
  for (let from = 0, to = 0; to < words.length; from += channels, to += kept) {
    for (let channel = 0; channel < kept; channel += 1) {
      const value = values[from + channel] ?? 0;
      words[to + channel] = value >= 1 ? 65_535 : value > 0 ? Math.round(65_535 * value) : 0;
    }
  }
  const tiff = wrapAsTiff({ buffer, pixelOffset, width, height, channels: kept, bitsPerSample: 16 }, icc);
  const { data } = await sharp(tiff)
    .withIccProfile('srgb', { attach: false })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { data, width, height, channels: kept };
}
