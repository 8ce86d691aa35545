import { MediaError } from '../errors.js';
import type { Picture } from '../types.js';
import { turningOf } from './header.js';
import { type EmbeddedOpening, extractEmbedded, inPlaceOfPhoto } from './open-embedded.js';

/**
 * A camera RAW is shown by the JPEG that the camera put into it, which looks as the photographer saw it; developing the
 * sensor's data is far too much work for a Pi. This is for the formats that are no TIFF (CR3, RAF, ORF, RW2).
 */
export async function openRaw(opening: EmbeddedOpening): Promise<Picture> {
  const embedded = await extractEmbedded(opening);
  if (embedded) {
    const { input, header, release } = embedded;
    return { input, ...inPlaceOfPhoto({ ...header, ...turningOf(header) }, opening.metadata), release };
  }
  throw new MediaError('unsupported', 'The camera RAW file holds no preview that can be shown');
}
