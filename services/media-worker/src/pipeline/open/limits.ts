import { MediaError } from '../errors.js';
import type { Limits, Picture } from '../types.js';

/** Throws `MediaError` (too_large) before anything is decoded: a small file can declare a picture that fills the memory. */
export function checkPixels(
  { width, height, turnedBy }: Pick<Picture, 'width' | 'height' | 'turnedBy'>,
  limits: Limits,
): void {
  if (width * height <= limits.maxPixels) return;
  const megapixels = Math.round((width * height) / 1e6);
  throw new MediaError(
    'too_large',
    `The picture has ${megapixels} megapixels, more than this server decodes`,
    {
      width,
      height,
      orientation: turnedBy,
    },
  );
}

/** Throws `MediaError` (too_large) for a picture that its decoder cannot hold. */
export function checkMemory(
  { width, height }: { width: number; height: number },
  bytesPerPixel: number,
  limits: Limits,
): void {
  const bytes = width * height * bytesPerPixel;
  if (bytes <= limits.maxMemoryBytes) return;
  const [needed, given] = [bytes, limits.maxMemoryBytes].map((value) => Math.round(value / 2 ** 20));
  throw new MediaError(
    'too_large',
    `Decoding needs ${needed} MiB of memory, this server has ${given} MiB for it`,
    {
      width,
      height,
    },
  );
}
