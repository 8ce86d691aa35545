import { cleanInteger } from '../metadata/clean.js';
import type { RawTags } from '../metadata/tags.js';
import type { Cicp, Limits, Picture } from '../types.js';
import type { Header } from './header.js';
import { checkMemory } from './limits.js';

/**
 * A picture that sharp decodes straight from the file. `described` is awaited for the formats only that can describe their
 * samples by code points, which sharp does not read.
 */
export async function openBitmap(
  path: string,
  header: Header,
  described: Promise<{ tags: RawTags }>,
  limits: Limits,
): Promise<Picture> {
  const { width, height } = header.autoOrient;
  const bitsPerSample = header.depth === 'ushort' ? 16 : 8;
  const picture: Picture = { input: path, width, height, bitsPerSample, unlimited: header.unlimited };
  if (header.format === 'heif') checkMemory(header.autoOrient, avifBytes(bitsPerSample), limits);
  // An ICC profile goes first in HEIF (ISO/IEC 23000-22, 7.3.6.4), code points do in PNG (PNG 3, 13.4).
  const mayHaveCicp = header.format === 'png' || (header.format === 'heif' && header.icc === undefined);
  const cicp = mayHaveCicp
    ? cicpOf((await described).tags, header.format === 'png' ? 'PNG' : 'QuickTime')
    : undefined;
  return cicp ? { ...picture, cicp } : picture;
}

/** A pixel that libheif decodes as a whole picture: up to three planes, and the RGB made of them. */
function avifBytes(bitsPerSample: 8 | 16): number {
  return (6 * bitsPerSample) / 8;
}

function cicpOf(tags: RawTags, group: 'PNG' | 'QuickTime'): Cicp | undefined {
  const codePoint = (name: string) => cleanInteger(tags[`${group}:${name}`], -1, 255);
  const primaries = codePoint('ColorPrimaries');
  const transfer = codePoint('TransferCharacteristics');
  if (primaries === undefined || transfer === undefined) return undefined;
  // libheif expands the video range of HEIF itself.
  const fullRange = group !== 'PNG' || codePoint('VideoFullRangeFlag') !== 0;
  return { primaries, transfer, fullRange };
}
