import { MediaError } from '../errors.js';
import type { HeicDecoder } from '../heic/heic-decoder.js';
import { wrapAsTiff } from '../heic/tiff.js';
import type { Picture } from '../types.js';
import type { Header } from './header.js';

/**
 * Decodes HEVC and hands the pixels on as an uncompressed TIFF in memory, which lets sharp apply the colour profile
 * (iPhones use Display P3) as for any other file. Large photos come reduced. The decoder has applied the container's own rotation (`irot`), the only
 * one that counts in this format: the EXIF orientation repeats it and must not turn the picture again.
 */
export async function openHeic(
  path: string,
  header: Header,
  decoder: HeicDecoder,
  signal?: AbortSignal,
): Promise<Picture> {
  try {
    const { pixels, width, height, icc, cicp } = await decoder.decode(
      path,
      header.width * header.height,
      signal,
    );
    const { bitsPerSample } = pixels;
    return { input: wrapAsTiff(pixels, icc), width, height, bitsPerSample, ...(cicp ? { cicp } : {}) };
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    throw new MediaError(error.code, error.message, { ...header.autoOrient, cause: error.cause });
  }
}
