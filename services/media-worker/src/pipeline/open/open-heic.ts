import type { HeicDecoder } from '../heic/heic-decoder.js';
import { wrapAsTiff } from '../heic/tiff.js';
import type { Picture } from '../types.js';

/**
 * Decodes HEVC and hands the pixels on as an uncompressed TIFF in memory, which lets sharp apply the colour profile
 * (iPhones use Display P3) as for any other file. Large photos come reduced. The decoder has applied the container's own
 * rotation (`irot`), the only one that counts in this format: the EXIF orientation repeats it and must not turn the picture again.
 */
export async function openHeic(path: string, decoder: HeicDecoder, signal?: AbortSignal): Promise<Picture> {
  const { pixels, width, height, icc, cicp } = await decoder.decode(path, signal);
  const { bitsPerSample } = pixels;
  return { input: wrapAsTiff(pixels, icc), width, height, ...(cicp ? { cicp, bitsPerSample } : {}) };
}
