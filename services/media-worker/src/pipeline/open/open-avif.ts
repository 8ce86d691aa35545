import type { Metadata } from 'sharp';
import { MediaError } from '../errors.js';
import type { RawTags } from '../metadata/tags.js';
import type { Limits, Picture } from '../types.js';
import { cicpOf } from './code-points.js';
import { endsInDisplayP3, readHeader } from './header.js';
import { checkMemory } from './limits.js';

/** Opens an AVIF, which sharp decodes as a whole. Throws `MediaError`, also when its decoder could not hold it (too_large). */
export async function openAvif(
  path: string,
  described: Promise<{ tags: RawTags }>,
  limits: Limits,
): Promise<Picture> {
  const { header, unlimited } = await readAvifHeader(path, limits);
  const bitsPerSample = header.depth === 'ushort' ? 16 : 8;
  // Up to three planes, and the RGB that is made of them.
  checkMemory(header.autoOrient, (6 * bitsPerSample) / 8, limits);
  // An ICC profile goes first (ISO/IEC 23000-22, 7.3.6.4).
  const cicp = header.icc === undefined ? cicpOf((await described).tags, 'QuickTime') : undefined;
  return {
    input: path,
    ...header.autoOrient,
    unlimited,
    ...(cicp ? { cicp, bitsPerSample } : {}),
    ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}),
  };
}

/** libheif takes a file of more than 256 items, which a photo of 67 megapixels has in tiles, for an attack. */
async function readAvifHeader(
  path: string,
  limits: Limits,
): Promise<{ header: Metadata; unlimited: boolean }> {
  try {
    return { header: await readHeader(path, limits), unlimited: false };
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'undecodable') throw error;
    return { header: await readHeader(path, limits, { unlimited: true }), unlimited: true };
  }
}
