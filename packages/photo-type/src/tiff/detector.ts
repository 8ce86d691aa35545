import type { Detector } from 'file-type';
import { bytesOf } from '../bytes.js';
import { readDirectories, TIFF_TAG } from './directories.js';

/**
 * TIFF and the camera RAW formats that are made of it. Only what the content proves is named: DNG by its version tag, CR2 by its
 * mark. Any other is `image/tiff`, whatever its maker calls it.
 */
export const tiffDetector: Detector = {
  id: 'tiff',
  async detect(tokenizer) {
    const read = bytesOf(tokenizer);
    const [first] = (await readDirectories(read, { maxDirectories: 1, tags: [TIFF_TAG.dngVersion] })) ?? [];
    if (first === undefined) return undefined;
    if (first.values.has(TIFF_TAG.dngVersion)) return { ext: 'dng', mime: 'image/x-adobe-dng' };
    const mark = (await read(8, 4)).toString('latin1');
    return mark === 'CR\x02\0'
      ? { ext: 'cr2', mime: 'image/x-canon-cr2' }
      : { ext: 'tif', mime: 'image/tiff' };
  },
};
