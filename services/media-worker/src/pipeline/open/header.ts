import { open } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { MediaError } from '../errors.js';
import type { Limits } from '../types.js';
import { checkPixels } from './limits.js';

/** The formats that may be decoded. libvips knows more (SVG, PDF, ...), which nobody photographs and attackers like. */
const accepted: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

export interface Header extends Metadata {
  /** Whether libheif's own limits had to be lifted. */
  unlimited: boolean;
}

/** Reads the header alone. Throws `MediaError` when it is damaged, of another format, or of too large a picture. */
export async function readHeader(input: string, limits: Limits): Promise<Header> {
  const header = await readMetadata(input);
  if (!accepted.has(header.format)) {
    throw new MediaError('unsupported', `Pictures of the format ${header.format} are not supported`);
  }
  checkPixels(header.autoOrient, limits);
  return header;
}

/** HEVC is patent-encumbered and not in sharp's build; AV1 in the same container (AVIF) is. */
export function needsHeicDecoder(header: Header): boolean {
  return header.format === 'heif' && header.compression !== 'av1';
}

async function readMetadata(input: string): Promise<Header> {
  const options = { limitInputPixels: false } as const;
  try {
    return { ...(await sharp(input, options).metadata()), unlimited: false };
  } catch (cause) {
    const damaged = new MediaError('undecodable', 'The file is damaged or not a picture', { cause });
    // libheif takes more than 256 items, which a photo of 67 megapixels has in tiles, for an attack.
    if (!(await isIsoMedia(input))) throw damaged;
    const metadata = await sharp(input, { ...options, unlimited: true })
      .metadata()
      .catch(() => undefined);
    if (!metadata) throw damaged;
    return { ...metadata, unlimited: true };
  }
}

/** Whether a file begins with a `ftyp` box (ISO/IEC 14496-12, 4.3), as HEIF files do. */
async function isIsoMedia(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(8), position: 0 });
    return buffer.toString('latin1', 4, 8) === 'ftyp';
  } finally {
    await file.close();
  }
}
