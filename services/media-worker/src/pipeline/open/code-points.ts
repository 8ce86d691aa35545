import { cleanInteger } from '../metadata/clean.js';
import type { RawTags } from '../metadata/tags.js';
import type { Cicp } from '../types.js';

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
