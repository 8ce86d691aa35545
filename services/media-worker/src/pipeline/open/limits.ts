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
