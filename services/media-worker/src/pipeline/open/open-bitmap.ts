import type { RawTags } from '../metadata/tags.js';
import type { Limits, Picture } from '../types.js';
import { cicpOf, endsInDisplayP3, readHeader, turningOf } from './header.js';

/** Opens a picture that sharp decodes straight from the file. `described` is awaited for PNG only. */
export async function openBitmap(
  path: string,
  described: Promise<{ tags: RawTags }>,
  limits: Limits,
): Promise<Picture> {
  const header = await readHeader(path, limits);
  // Code points go before an ICC profile in PNG (third edition, 13.4), unlike in HEIF.
  const cicp = header.format === 'png' ? cicpOf((await described).tags, 'PNG') : undefined;
  return {
    input: path,
    ...header.autoOrient,
    ...turningOf(header),
    ...(cicp ? { cicp, bitsPerSample: header.depth === 'ushort' ? 16 : 8 } : {}),
    ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}),
  };
}
