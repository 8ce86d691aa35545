import sharp, { type SharpOptions } from 'sharp';
import { MediaError, OutOfMemoryError } from '../errors.js';
import { isOutOfMemory } from '../render/render-pixels.js';
import type { Header } from '../types.js';

/** Reads only the header of the picture that `where` names in a file. @throws MediaError (undecodable), OutOfMemoryError */
export async function headerOf(path: string, where: SharpOptions = {}): Promise<Header> {
  try {
    const header = await sharp(path, { ...where, limitInputPixels: false }).metadata();
    const { format, width, height, autoOrient, orientation, channels, depth, space, hasProfile } = header;
    const { isProgressive, chromaSubsampling } = header;
    return {
      ...{ format, width, height, autoOrient, orientation, channels, depth, space, hasProfile },
      ...{ isProgressive, chromaSubsampling },
    };
  } catch (cause) {
    if (isOutOfMemory(cause)) throw new OutOfMemoryError('The header takes too much memory', { cause });
    throw new MediaError('undecodable', 'The file is damaged or not a picture', { cause });
  }
}
