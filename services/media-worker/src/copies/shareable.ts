import { isCameraRaw } from '@lazyphotos/contracts';
import { type MetadataTool, UnwritableError, type WrittenTags } from '../pipeline/metadata/exiftool.js';
import { CopyUnsupportedError } from './errors.js';
import type { FindTags } from './found-tags.js';
import { findLocation } from './locations.js';
import { findOwner } from './owner.js';
import { isAnywhere, noTrailer, type Rewrite, writeWithout } from './write-without.js';

/** The whole GPS block goes, with its times and directions. */
export const noLocation: WrittenTags = { 'GPS:all': null, 'Location:all': null };

/**
 * Segments of a JPEG with content that exiftool does not know (https://exiftool.org/TagNames/JPEG.html). It does not take those that it
 * knows, such as EXIF or an ICC profile, for part of these groups.
 */
const noUnknownSegments = (numbers: readonly number[]): WrittenTags =>
  Object.fromEntries(numbers.map((number) => [`APP${number}:all`, null]));
const allSegments = Array.from({ length: 16 }, (_, number) => number);
/** In APP2 is what displays need for the gain map of an HDR photo (ISO 21496-1). It is of no use without the trailer. */
const segmentsBesideGainMap = allSegments.filter((number) => number !== 2);

/**
 * Writes `target` without any location and without the owner's name and address. Trailers are removed too, since exiftool does not know
 * all of them. Resolves to false if the source has nothing of that, and then `target` is of no use.
 * @throws CopyUnsupportedError
 */
export const removeLocation = (tool: MetadataTool, rewrite: Rewrite): Promise<boolean> =>
  remove(
    tool,
    rewrite,
    { ...noLocation, ...noUnknownSegments(allSegments), ...(isCameraRaw(rewrite.mimeType) ? {} : noTrailer) },
    async (...file) => [...(await findLocation(...file)), ...(await findOwner(...file))],
  );

/**
 * Writes `target` without the owner's name and address. The location stays, and so does what follows the picture, unless the owner is
 * named there. Resolves to false if the source has nothing of that, and then `target` is of no use.
 * @throws CopyUnsupportedError
 */
export const removeOwner = (tool: MetadataTool, rewrite: Rewrite): Promise<boolean> =>
  remove(tool, rewrite, noUnknownSegments(segmentsBesideGainMap), findOwner);

async function remove(
  tool: MetadataTool,
  rewrite: Rewrite,
  tags: WrittenTags,
  find: FindTags,
): Promise<boolean> {
  try {
    return await writeWithout(tool, rewrite, tags, find);
  } catch (error) {
    if (!(error instanceof UnwritableError)) throw error;
    if (await isAnywhere(tool, rewrite, find)) throw new CopyUnsupportedError(error.message, error);
    return false;
  }
}
