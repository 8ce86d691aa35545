import { type ByteSource, readDirectories, TIFF_TAG, type TiffDirectory } from '@lazyphotos/photo-type';
import type { SampleMeaning } from '../../types.js';

/** One of the pictures in a TIFF, as its directory describes it. */
export interface TiffPicture {
  /** Its position for libtiff: a page, or a SubIFD of that page. */
  page: number;
  subIfd?: number;
  /** The offset of its directory in the file. */
  position: number;
  width: number;
  height: number;
  /** The EXIF orientation of its directory. */
  orientation?: number;
  /** Numbers in one pixel. */
  samples: number;
  /** A smaller copy of another picture: a thumbnail, a preview, a level of a pyramid. */
  isReduced: boolean;
  /** Whether its directory tells its kind; otherwise `isReduced` and `isPage` are guesses. */
  isMarked: boolean;
  /** One page of a document of many. */
  isPage: boolean;
  /** Data of another picture that are not a picture: a mask of its transparency or of its subject, a depth map. */
  isAuxiliary: boolean;
  /** The data of a camera's sensor, which must be developed to become a picture. */
  isSensorData: boolean;
  /** The meaning of its samples; undefined if they cannot be decoded. */
  meaning?: SampleMeaning;
}

/** NewSubfileType (TIFF 6.0, section 8; DNG 1.7): bits. */
const REDUCED_BIT = 1;
const PAGE_BIT = 2;
/** Transparency masks and semantic masks, depth maps. */
const AUXILIARY_BITS = 4 | 8;
/** All bits that have a meaning. Some programs write random values. */
const NEW_SUBFILE_TYPE_MAX = 0x1_ffff;
/** SubfileType, its predecessor: a number. */
const OLD_REDUCED = 2;
const OLD_PAGE = 3;

const PHOTOMETRIC_MASK = 4;
const PHOTOMETRIC_CFA = 32_803;
const PHOTOMETRIC_LINEAR_RAW = 34_892;
const PHOTOMETRIC_DEPTH = 51_177;
const PHOTOMETRIC_SEMANTIC_MASK = 52_527;
/** The compressions of sensor data by Kodak, Sony, Nikon, Samsung, Pentax. */
const SENSOR_COMPRESSIONS = new Set([262, 32_767, 32_769, 32_770, 34_713, 65_000, 65_535]);

/**
 * Returns the pictures of a TIFF: pages in their order, each followed by its SubIFDs. Undefined if the file is not a TIFF, none if its
 * first directory is damaged. `start` are the first bytes of the file. Throws errors of `read`.
 */
export async function readTiffPictures(start: Buffer, read: ByteSource): Promise<TiffPicture[] | undefined> {
  if (!/^(II[*+]\0|MM\0[*+])/.test(start.toString('latin1', 0, 4))) return undefined;
  return ((await readDirectories(read)) ?? []).flatMap((directory) => pictureOf(directory) ?? []);
}

/** Undefined for a directory without a picture. */
function pictureOf({ page, subIfd, isNested, position, values }: TiffDirectory): TiffPicture | undefined {
  const value = (tag: number, otherwise = 0): number => values.get(tag)?.[0] ?? otherwise;
  const [width, height] = [value(TIFF_TAG.width), value(TIFF_TAG.height)];
  const photometric = value(TIFF_TAG.photometric, -1);
  const flags = value(TIFF_TAG.newSubfileType) <= NEW_SUBFILE_TYPE_MAX ? value(TIFF_TAG.newSubfileType) : 0;
  if (width === 0 || height === 0) return undefined;
  const old = value(TIFF_TAG.subfileType);
  // sharp finds no SubIFDs of SubIFDs.
  const meaning = isNested ? undefined : meaningOf(values);
  const orientation = value(TIFF_TAG.orientation);
  return {
    page,
    ...(subIfd === undefined ? {} : { subIfd }),
    position,
    width,
    height,
    samples: value(TIFF_TAG.samplesPerPixel, 1),
    isReduced: (flags & REDUCED_BIT) !== 0 || old === OLD_REDUCED,
    isMarked: values.has(TIFF_TAG.newSubfileType) || values.has(TIFF_TAG.subfileType),
    isPage: (flags & PAGE_BIT) !== 0 || old === OLD_PAGE,
    isAuxiliary:
      (flags & AUXILIARY_BITS) !== 0 ||
      [PHOTOMETRIC_MASK, PHOTOMETRIC_DEPTH, PHOTOMETRIC_SEMANTIC_MASK].includes(photometric),
    isSensorData:
      photometric === PHOTOMETRIC_CFA ||
      photometric === PHOTOMETRIC_LINEAR_RAW ||
      SENSOR_COMPRESSIONS.has(value(TIFF_TAG.compression)),
    ...(orientation >= 1 && orientation <= 8 ? { orientation } : {}),
    ...(meaning ? { meaning } : {}),
  };
}

/**
 * The compressions of the libtiff in sharp's build: none, CCITT, LZW, JPEG, Deflate, PackBits, SGI log, WebP. Pictures of others
 * (LZMA, Zstandard, JPEG 2000, JPEG XL, LERC, old-style JPEG, ...) it would leave black.
 */
const COMPRESSIONS = new Set([1, 2, 3, 4, 5, 7, 8, 32_771, 32_773, 32_946, 34_676, 50_001]);
const JPEG = 7;
const SGI_LOG = 34_676;

const UNSIGNED = 1;
const FLOAT = 3;
/** "Void": the format is unknown. */
const UNTYPED = 4;

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
const KINDS: Record<number, Kind> = {
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
const Y_CB_CR = 6;
const LOG_LUV = 32_845;

/** How the samples of a directory's picture are to be read, or undefined when nothing here decodes them. */
export function meaningOf(values: TiffDirectory['values']): SampleMeaning | undefined {
  const value = (tag: number, otherwise: number): number => values.get(tag)?.[0] ?? otherwise;
  const compression = value(TIFF_TAG.compression, 1);
  const photometric = value(TIFF_TAG.photometric, -1);
  const samples = value(TIFF_TAG.samplesPerPixel, 1);
  const kind = KINDS[photometric];
  const isTiled = values.has(TIFF_TAG.tileWidth);
  const isPlanar = value(TIFF_TAG.planarConfiguration, 1) === 2 && samples > 1;
  if (!kind || !COMPRESSIONS.has(compression) || (isTiled && isPlanar)) return undefined;
  if (samples < kind.samples[0] || samples > kind.samples[1]) return undefined;
  if (photometric === Y_CB_CR && compression !== JPEG) return undefined;
  if ((photometric === LOG_LUV) !== (compression === SGI_LOG)) return undefined;
  const bits = values.get(TIFF_TAG.bitsPerSample) ?? [1];
  if (bits.some((count) => count !== bits[0])) return undefined;
  const format = photometric === LOG_LUV ? UNSIGNED : value(TIFF_TAG.sampleFormat, UNSIGNED);
  if (![UNSIGNED, UNTYPED, FLOAT].includes(format)) return undefined;
  return kind.meanings[`${bits[0]}${format === FLOAT ? 'f' : 'u'}`];
}
