import { type TiffDirectory, tiffTag } from '@lazyphotos/photo-type';
import type { SampleMeaning } from '../../types.js';

/**
 * The compressions of the libtiff in sharp's build: none, CCITT, LZW, JPEG, Deflate, PackBits, SGI log, WebP. Pictures of others
 * (LZMA, Zstandard, JPEG 2000, JPEG XL, LERC, old-style JPEG, ...) it would leave black.
 */
const compressions = new Set([1, 2, 3, 4, 5, 7, 8, 32_771, 32_773, 32_946, 34_676, 50_001]);
const jpeg = 7;
const sgiLog = 34_676;

const unsigned = 1;
const float = 3;
/** "Void", which says no more than that nobody knows. */
const untyped = 4;

interface Kind {
  /** Numbers in a pixel: colour, then transparency and others. */
  samples: [least: number, most: number];
  /** By bits and format: `8u` is 8 bits unsigned, `32f` a float. */
  meanings: Record<string, SampleMeaning>;
}

const whole = (...bits: number[]): Record<string, SampleMeaning> =>
  Object.fromEntries(bits.map((count) => [`${count}u`, 'display']));

/**
 * What is decoded, by PhotometricInterpretation. Not in here: signed and complex numbers, whole ones of 12 or 32 bits, floats of 64,
 * sensor data, pictures of more channels than colours (of satellites, microscopes).
 */
const kinds: Record<number, Kind> = {
  // Grey, where 0 is white or black.
  0: { samples: [1, 2], meanings: whole(1, 2, 4, 8, 16) },
  1: { samples: [1, 2], meanings: { ...whole(1, 2, 4, 8, 16), '32f': 'light' } },
  // RGB. sharp takes five channels and no more.
  2: { samples: [3, 5], meanings: { ...whole(8, 16), '16f': 'light', '32f': 'light' } },
  // A palette.
  3: { samples: [1, 2], meanings: whole(1, 2, 4, 8) },
  // CMYK.
  5: { samples: [4, 5], meanings: whole(8, 16) },
  // YCbCr, which only its JPEG decoder turns into RGB.
  6: { samples: [3, 3], meanings: whole(8) },
  // CIE L*a*b*, the same with an offset, and that of fax machines.
  8: { samples: [3, 4], meanings: { '8u': 'cielab8', '16u': 'cielab', '32f': 'cielab' } },
  9: { samples: [3, 4], meanings: { '8u': 'icclab8', '16u': 'icclab16' } },
  10: { samples: [3, 4], meanings: { '8u': 'itulab8' } },
  // CIE Log2(L) (u', v').
  32845: { samples: [3, 3], meanings: whole(16) },
};
const yCbCr = 6;
const logLuv = 32_845;

/** How the samples of a directory's picture are to be read, or undefined when nothing here decodes them. */
export function meaningOf(values: TiffDirectory['values']): SampleMeaning | undefined {
  const value = (tag: number, otherwise: number): number => values.get(tag)?.[0] ?? otherwise;
  const compression = value(tiffTag.compression, 1);
  const photometric = value(tiffTag.photometric, -1);
  const samples = value(tiffTag.samplesPerPixel, 1);
  const kind = kinds[photometric];
  const isTiled = values.has(tiffTag.tileWidth);
  const isPlanar = value(tiffTag.planarConfiguration, 1) === 2 && samples > 1;
  if (!kind || !compressions.has(compression) || (isTiled && isPlanar)) return undefined;
  if (samples < kind.samples[0] || samples > kind.samples[1]) return undefined;
  if (photometric === yCbCr && compression !== jpeg) return undefined;
  if ((photometric === logLuv) !== (compression === sgiLog)) return undefined;
  const bits = values.get(tiffTag.bitsPerSample) ?? [1];
  if (bits.some((count) => count !== bits[0])) return undefined;
  const format = photometric === logLuv ? unsigned : value(tiffTag.sampleFormat, unsigned);
  if (![unsigned, untyped, float].includes(format)) return undefined;
  return kind.meanings[`${bits[0]}${format === float ? 'f' : 'u'}`];
}
