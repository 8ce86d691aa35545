import type { Decoder } from '../decode/decoder.js';
import { MediaError } from '../errors.js';
import type { HeicDecoder } from '../heic/heic-decoder.js';
import { wrapAsTiff } from '../heic/tiff.js';
import type { RawTags } from '../metadata/tags.js';
import type { Header, Picture } from '../types.js';
import { cicpOf, endsInDisplayP3 } from './header.js';

/**
 * Decodes HEVC and returns the pixels as an uncompressed TIFF in memory, so that sharp can apply the colour profile (iPhones use
 * Display P3) as for any other file. Large photos are reduced. The decoder has applied the container's rotation (`irot`), the only one
 * that counts in this format: the EXIF orientation repeats it and must not turn the picture again.
 */
export async function openHeic(path: string, decoder: HeicDecoder, signal?: AbortSignal): Promise<Picture> {
  const { pixels, width, height, icc, cicp } = await decoder.decode(path, signal);
  const { bitsPerSample } = pixels;
  return { input: wrapAsTiff(pixels, icc), width, height, ...(cicp ? { cicp, bitsPerSample } : {}) };
}

/** Opens an AVIF, which sharp decodes as a whole. @throws MediaError */
export async function openAvif(
  path: string,
  described: Promise<{ tags: RawTags }>,
  decoder: Decoder,
  signal?: AbortSignal,
): Promise<Picture> {
  const { header, unlimited } = await readAvifHeader(path, decoder, signal);
  const bitsPerSample = header.depth === 'ushort' ? 16 : 8;
  // An ICC profile has priority (ISO/IEC 23000-22, 7.3.6.4).
  const cicp = !header.hasProfile ? cicpOf((await described).tags, 'QuickTime') : undefined;
  return {
    input: path,
    header,
    ...header.autoOrient,
    unlimited,
    ...(cicp ? { cicp, bitsPerSample } : {}),
    ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}),
  };
}

/** libheif refuses a file of more than 256 items as an attack, but a photo of 67 megapixels has that many tiles. */
async function readAvifHeader(
  path: string,
  decoder: Decoder,
  signal: AbortSignal | undefined,
): Promise<{ header: Header; unlimited: boolean }> {
  try {
    return { header: await decoder.readHeader(path, {}, signal), unlimited: false };
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'undecodable') throw error;
    return { header: await decoder.readHeader(path, { unlimited: true }, signal), unlimited: true };
  }
}
