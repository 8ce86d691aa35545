import { MediaError } from '../errors.js';
import { cleanInteger } from '../metadata/clean.js';
import type { RawTags } from '../metadata/tags.js';
import type { Cicp, Header, Limits, Picture } from '../types.js';

/**
 * Returns the EXIF orientation by which sharp turns a picture; nothing if it does not turn it. libvips reads only EXIF's first directory.
 * In HEIF the decoder has turned the picture by the container's `irot` and `imir`, and EXIF does not count.
 */
export function turningOf({ format, orientation = 1 }: Header): Pick<Picture, 'turnedBy'> {
  return format !== 'heif' && orientation > 1 && orientation <= 8 ? { turnedBy: orientation } : {};
}

/**
 * Whether sharp converts a picture to Display P3 instead of sRGB: it does with 16-bit RGB if the picture has a colour profile.
 */
export const endsInDisplayP3 = ({ space, hasProfile }: Header): boolean => space === 'rgb16' && hasProfile;

/** Returns the code points of a file's samples (ITU-T H.273), by exiftool's name for the format. */
export function cicpOf(tags: RawTags, group: 'PNG' | 'QuickTime'): Cicp | undefined {
  const codePoint = (name: string) => cleanInteger(tags[`${group}:${name}`], -1, 255);
  const primaries = codePoint('ColorPrimaries');
  const transfer = codePoint('TransferCharacteristics');
  if (primaries === undefined || transfer === undefined) return undefined;
  // libheif expands the video range of HEIF itself.
  const fullRange = group !== 'PNG' || codePoint('VideoFullRangeFlag') !== 0;
  return { primaries, transfer, fullRange };
}

/** Throws `MediaError` (too_large) before decoding: a small file can declare a picture that fills the memory. */
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
