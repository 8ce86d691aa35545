import type { SampleMeaning } from '../types.js';
import { encodeSrgb } from './colour-spaces.js';

/** Numbers as they stand in a picture, not yet colours; the last channel of two or four is transparency. */
export interface Samples {
  values: Float32Array;
  channels: number;
}

/** The meanings whose samples are converted here, since libvips would show them wrongly or not at all. */
export type ConvertedMeaning = Exclude<SampleMeaning, 'display'>;

/** Returns bytes of sRGB (or grey, for one or two channels), and transparency where there is some. Pure. */
export function samplesToSrgb(samples: Samples, meaning: ConvertedMeaning): Buffer {
  return meaning === 'light' ? lightToSrgb(samples) : labToSrgb(samples, NOTATIONS[meaning]);
}

const toByte = (value: number): number => (value >= 255 ? 255 : value > 0 ? Math.round(value) : 0);

function lightToSrgb({ values, channels }: Samples): Buffer {
  const colours = channels <= 2 ? 1 : 3;
  const bytes = Buffer.alloc(values.length);
  const white = whiteOf(values, channels, colours);
  for (let at = 0; at < values.length; at += channels) {
    for (let channel = 0; channel < colours; channel += 1) {
      const value = values[at + channel] ?? 0;
      bytes[at + channel] = white === undefined ? encodeSrgb(value) : toByte((255 * value) / white);
    }
    if (channels > colours) bytes[at + colours] = toByte(255 * (values[at + colours] ?? 0));
  }
  return bytes;
}

/**
 * Undefined for light, of which only highlights are above 1. Where most of the picture is, the numbers count something else (bytes,
 * metres): then the largest is white.
 */
function whiteOf(values: Float32Array, channels: number, colours: number): number | undefined {
  let above = 0;
  let largest = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    if (at % channels >= colours || !(value > 1) || value === Number.POSITIVE_INFINITY) continue;
    above += 1;
    if (value > largest) largest = value;
  }
  return above > (values.length / channels) * colours * 0.5 ? largest : undefined;
}

/** How a notation writes L* (0 to 100), a* and b*: value = (sample - zero) * step. And what full opacity is. */
interface Notation {
  lightness: number;
  zero: [a: number, b: number];
  step: [a: number, b: number];
  opaque: number;
}

/**
 * TIFF 6.0, section 23 (CIELab, as libvips and open-cielab8 hand it on: a* and b* signed); Adobe's Photoshop TIFF technical notes
 * (ICCLab: offset); TIFF-FX, RFC 3949 with ITU-T T.42 (ITULab: a* from -85 to 85, b* from -75 to 125).
 */
const NOTATIONS: Record<Exclude<ConvertedMeaning, 'light'>, Notation> = {
  cielab: { lightness: 1, zero: [0, 0], step: [1, 1], opaque: 255 },
  cielab8: { lightness: 100 / 255, zero: [0, 0], step: [1, 1], opaque: 255 },
  icclab8: { lightness: 100 / 255, zero: [128, 128], step: [1, 1], opaque: 255 },
  icclab16: { lightness: 100 / 65_280, zero: [32_768, 32_768], step: [1 / 256, 1 / 256], opaque: 65_535 },
  itulab8: { lightness: 100 / 255, zero: [128, 96], step: [170 / 255, 200 / 255], opaque: 255 },
};

/** The white of D50 (ICC.1:2022, 7.2.16). */
const D50: [number, number, number] = [0.9642, 1, 0.8249];
/** From CIE XYZ of D50 to linear sRGB, adapted to D65 with the Bradford matrix. */
const XYZ_TO_RGB = [
  [3.133_856_1, -1.616_866_7, -0.490_614_6],
  [-0.978_768_4, 1.916_141_5, 0.033_454],
  [0.071_945_3, -0.228_991_4, 1.405_242_7],
] as const;

/** CIE 15:2018, 8.2.1, backwards. */
const fromLab = (t: number): number => (t > 6 / 29 ? t ** 3 : 3 * (6 / 29) ** 2 * (t - 4 / 29));

function labToSrgb({ values, channels }: Samples, { lightness, zero, step, opaque }: Notation): Buffer {
  const target = channels > 3 ? 4 : 3;
  const bytes = Buffer.alloc((values.length / channels) * target);
  for (let from = 0, to = 0; from < values.length; from += channels, to += target) {
    const y = ((values[from] ?? 0) * lightness + 16) / 116;
    const x = y + (((values[from + 1] ?? 0) - zero[0]) * step[0]) / 500;
    const z = y - (((values[from + 2] ?? 0) - zero[1]) * step[1]) / 200;
    const xyz = [D50[0] * fromLab(x), D50[1] * fromLab(y), D50[2] * fromLab(z)] as const;
    for (const [channel, row] of XYZ_TO_RGB.entries()) {
      bytes[to + channel] = encodeSrgb(row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]);
    }
    if (target === 4) bytes[to + 3] = toByte((255 * (values[from + 3] ?? 0)) / opaque);
  }
  return bytes;
}
