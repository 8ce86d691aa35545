import type { Sharp, SharpOptions } from 'sharp';
import type { Pixels } from './render-pixels.js';
import { type ConvertedMeaning, type Samples, samplesToSrgb } from './samples-to-srgb.js';

type Open = (where: SharpOptions) => Sharp;

interface Sized extends Samples {
  width: number;
  height: number;
}

/** Scales a picture whose samples libvips does not turn into colours, and turns them into colours afterwards. */
export async function fitSamples(
  meaning: ConvertedMeaning,
  open: Open,
  where: SharpOptions,
  side: number,
): Promise<Pixels> {
  // libvips applies a profile to whole numbers that screens show, and would make such of these.
  const samples = await readSamples(meaning, open, { ...where, ignoreIcc: true }, side);
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
      const { channels } = await image.metadata();
      return shrink(image, side, channels <= 2 ? 'b-w' : 'scrgb');
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
