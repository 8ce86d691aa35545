import { open } from 'node:fs/promises';
import { readDirectories, type TiffDirectory, tiffTag } from '@lazyphotos/photo-type';
import type { SampleMeaning } from '../../types.js';
import { meaningOf } from './decodable.js';

/** One of the pictures in a TIFF, as its directory describes it. */
export interface TiffPicture {
  /** Where libtiff finds it: a page, or a SubIFD of that page. */
  page: number;
  subIfd?: number;
  /** Where its directory begins in the file. */
  position: number;
  width: number;
  height: number;
  /** The EXIF orientation of its directory. */
  orientation?: number;
  /** Numbers in one pixel. */
  samples: number;
  /** A smaller copy of another picture: a thumbnail, a preview, a level of a pyramid. */
  isReduced: boolean;
  /** Whether its directory says what it is: `isReduced` and `isPage` are a guess otherwise. */
  isMarked: boolean;
  /** One page of a document of many. */
  isPage: boolean;
  /** What belongs to another picture and is none: a mask of its transparency or of its subject, a depth map. */
  isAuxiliary: boolean;
  /** What a camera's sensor saw, which is no picture before it is developed. */
  isSensorData: boolean;
  /** How its samples are read; undefined when nothing here decodes it. */
  meaning?: SampleMeaning;
}

/** NewSubfileType (TIFF 6.0, section 8; DNG 1.7): bits. */
const reducedBit = 1;
const pageBit = 2;
/** Transparency masks and semantic masks, depth maps. */
const auxiliaryBits = 4 | 8;
/** All bits that have a meaning. Some programs write nonsense instead. */
const newSubfileTypeMax = 0x1_ffff;
/** SubfileType, its predecessor: a number. */
const oldReduced = 2;
const oldPage = 3;

const photometricMask = 4;
const photometricCfa = 32_803;
const photometricLinearRaw = 34_892;
const photometricDepth = 51_177;
const photometricSemanticMask = 52_527;
/** What cameras pack sensor data with: Kodak, Sony, Nikon, Samsung, Pentax. */
const sensorCompressions = new Set([262, 32_767, 32_769, 32_770, 34_713, 65_000, 65_535]);

/**
 * The pictures of a TIFF, pages in their order, each followed by those of its SubIFDs. Undefined when the file is no TIFF, none
 * when its first directory is damaged. Errors of the file system are thrown.
 */
export async function readTiffPictures(path: string): Promise<TiffPicture[] | undefined> {
  const file = await open(path);
  try {
    const read = async (position: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    if (!/^(II[*+]\0|MM\0[*+])/.test((await read(0, 4)).toString('latin1'))) return undefined;
    return ((await readDirectories(read)) ?? []).flatMap((directory) => pictureOf(directory) ?? []);
  } finally {
    await file.close();
  }
}

/** Undefined for a directory without a picture. */
function pictureOf({ page, subIfd, isNested, position, values }: TiffDirectory): TiffPicture | undefined {
  const value = (tag: number, otherwise = 0): number => values.get(tag)?.[0] ?? otherwise;
  const [width, height] = [value(tiffTag.width), value(tiffTag.height)];
  const photometric = value(tiffTag.photometric, -1);
  const flags = value(tiffTag.newSubfileType) <= newSubfileTypeMax ? value(tiffTag.newSubfileType) : 0;
  if (width === 0 || height === 0) return undefined;
  const old = value(tiffTag.subfileType);
  // sharp finds no SubIFDs of SubIFDs.
  const meaning = isNested ? undefined : meaningOf(values);
  const orientation = value(tiffTag.orientation);
  return {
    page,
    ...(subIfd === undefined ? {} : { subIfd }),
    position,
    width,
    height,
    samples: value(tiffTag.samplesPerPixel, 1),
    isReduced: (flags & reducedBit) !== 0 || old === oldReduced,
    isMarked: values.has(tiffTag.newSubfileType) || values.has(tiffTag.subfileType),
    isPage: (flags & pageBit) !== 0 || old === oldPage,
    isAuxiliary:
      (flags & auxiliaryBits) !== 0 ||
      [photometricMask, photometricDepth, photometricSemanticMask].includes(photometric),
    isSensorData:
      photometric === photometricCfa ||
      photometric === photometricLinearRaw ||
      sensorCompressions.has(value(tiffTag.compression)),
    ...(orientation >= 1 && orientation <= 8 ? { orientation } : {}),
    ...(meaning ? { meaning } : {}),
  };
}
