import sharp, { type Metadata } from 'sharp';
import { MediaError } from '../errors.js';
import type { Limits, Picture } from '../types.js';
import { checkPixels } from './limits.js';

/** The formats that may be decoded. libvips knows more (SVG, PDF, ...), which nobody photographs and attackers like. */
const accepted: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

/** Reads the header alone. Throws `MediaError` when it is damaged, of another format, or of too large a picture. */
export async function readHeader(input: string | Buffer, limits: Limits): Promise<Metadata> {
  let header: Metadata;
  try {
    header = await sharp(input, { limitInputPixels: false }).metadata();
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

/** HEVC is patent-encumbered and not in sharp's build; AV1 in the same container (AVIF) is. */
export function needsHeicDecoder(header: Metadata): boolean {
  return header.format === 'heif' && header.compression !== 'av1';
}
