import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { MediaError } from '../errors.js';
import { cleanInteger } from '../metadata/clean.js';
import type { RawTags } from '../metadata/tags.js';
import type { Cicp, Limits, Picture } from '../types.js';
import { checkPixels } from './limits.js';

/** The formats that may be decoded. libvips knows more (SVG, PDF, ...), which nobody photographs and attackers like. */
const accepted: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

/**
 * Reads the header alone, of the picture that `where` names in a file of many. Throws `MediaError` when it is damaged, of another
 * format, or of too large a picture.
 */
export async function readHeader(input: string, limits: Limits, where: SharpOptions = {}): Promise<Metadata> {
  let header: Metadata;
  try {
    header = await sharp(input, { ...where, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new MediaError('undecodable', 'The file is damaged or not a picture', { cause });
  }
  if (!accepted.has(header.format)) {
    throw new MediaError('unsupported', `Pictures of the format ${header.format} are not supported`);
  }
  checkPixels({ ...header.autoOrient, ...turningOf(header) }, limits);
  return header;
}

/**
 * The EXIF orientation by which sharp turns a picture; nothing when it stays as it is. libvips reads EXIF's first directory
 * alone; in HEIF the decoder has turned the picture by the container's `irot` and `imir`, and EXIF does not count.
 */
export function turningOf({ format, orientation = 1 }: Metadata): Pick<Picture, 'turnedBy'> {
  return format !== 'heif' && orientation > 1 && orientation <= 8 ? { turnedBy: orientation } : {};
}

/**
 * Whether sharp, told to convert a picture to sRGB, stops at Display P3: it does with 16-bit RGB, when the picture has a colour profile.
 */
export const endsInDisplayP3 = ({ space, hasProfile }: Metadata): boolean => space === 'rgb16' && hasProfile;

/** Returns what a file says of its samples in code points (ITU-T H.273), by exiftool's name for the format. */
export function cicpOf(tags: RawTags, group: 'PNG' | 'QuickTime'): Cicp | undefined {
  const codePoint = (name: string) => cleanInteger(tags[`${group}:${name}`], -1, 255);
  const primaries = codePoint('ColorPrimaries');
  const transfer = codePoint('TransferCharacteristics');
  if (primaries === undefined || transfer === undefined) return undefined;
  // libheif expands the video range of HEIF itself.
  const fullRange = group !== 'PNG' || codePoint('VideoFullRangeFlag') !== 0;
  return { primaries, transfer, fullRange };
}
