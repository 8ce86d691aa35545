import { type FileHandle, open } from 'node:fs/promises';
import { cleanInteger } from './clean.js';
import type { RawTags } from './tags.js';

/**
 * Returns whether a video follows the picture in the file, as XMP says (Google's motion photo format 1.0 and the older micro video).
 * The mark alone does not count: programs that cut the video off leave it.
 */
export async function isMotionPhoto(path: string, tags: RawTags): Promise<boolean> {
  const marks = [tags['XMP:MotionPhoto'], tags['XMP:MicroVideo']];
  if (!marks.some((mark) => String(mark) === '1')) return false;
  const lengths = [tags['XMP:MicroVideoOffset'], tags['XMP:DirectoryItemLength']]
    .flat()
    .map((length) => cleanInteger(length, 0, Number.MAX_SAFE_INTEGER))
    .filter((length) => length !== undefined);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for (const length of lengths) if (await isVideoAt(file, size - length)) return true;
    return false;
  } finally {
    await file.close();
  }
}

/** MP4 and MOV begin with a box of the type `ftyp`, whose length is before the type (ISO/IEC 14496-12). */
async function isVideoAt(file: FileHandle, position: number): Promise<boolean> {
  // At the start it would be the picture itself: HEIF begins in the same way.
  if (position <= 0) return false;
  const { buffer } = await file.read(Buffer.alloc(8), 0, 8, position);
  return buffer.toString('latin1', 4, 8) === 'ftyp';
}
