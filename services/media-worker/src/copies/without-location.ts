import { isCameraRaw } from '@lazyphotos/contracts';
import { type MetadataTool, UnwritableError, type WrittenTags } from '../pipeline/metadata/exiftool.js';
import { groupOf } from '../pipeline/metadata/tags.js';
import { CopyUnsupportedError } from './errors.js';
import { isEmbeddedLocated, locationTagsOf } from './locations.js';

export interface Rewrite {
  /** A file whose name has the extension of its format, as `target` has. */
  source: string;
  mimeType: string;
  /** The file to make. */
  target: string;
  /** Another file to make meanwhile. */
  scratch: string;
}

/** The whole GPS block goes, with its times and directions. */
export const noLocation: WrittenTags = { 'GPS:all': null, 'Location:all': null };

/**
 * What follows the picture in the file (the video of a motion photo, the pictures of MPF, data of programs), with the marks that
 * announce it.
 */
const noTrailer: WrittenTags = {
  'Trailer:all': null,
  'MPF:all': null,
  'XMP-GCamera:all': null,
  'XMP-GContainer:all': null,
};

/** Groups that can be removed as a whole if a location in them cannot be removed alone. EXIF cannot: it holds the orientation. */
const removableGroups = ['XMP', 'IPTC', 'PNG', 'Photoshop', 'MakerNotes'];

/**
 * Writes `target` without any location. Trailers are removed too, since exiftool does not know all of them. Resolves to false if the
 * source has no location, and then `target` is of no use.
 * @throws CopyUnsupportedError
 */
export async function removeLocation(tool: MetadataTool, rewrite: Rewrite): Promise<boolean> {
  const { source, target, scratch, mimeType } = rewrite;
  const tags = isCameraRaw(mimeType) ? noLocation : { ...noLocation, ...noTrailer };
  try {
    const isChanged = await writeWithoutLocation(tool, rewrite, tags);
    if (await isEmbeddedLocated(tool, target, scratch)) throw embeddedLocation();
    return isChanged;
  } catch (error) {
    if (!(error instanceof UnwritableError)) throw error;
    if (await isLocated(tool, source, scratch)) throw new CopyUnsupportedError(error.message, error);
    return false;
  }
}

/**
 * Writes `target` with these edits and without a location. A trailer is removed only if there is a location in it.
 * @throws CopyUnsupportedError, UnwritableError
 */
export async function editWithoutLocation(
  tool: MetadataTool,
  rewrite: Rewrite,
  edits: WrittenTags,
): Promise<boolean> {
  const { target, scratch, mimeType } = rewrite;
  const isChanged = await writeWithoutLocation(tool, rewrite, { ...noLocation, ...edits });
  if (!(await isEmbeddedLocated(tool, target, scratch))) return isChanged;
  if (isCameraRaw(mimeType)) throw embeddedLocation();
  await writeWithoutLocation(tool, rewrite, { ...noLocation, ...noTrailer, ...edits });
  if (await isEmbeddedLocated(tool, target, scratch)) throw embeddedLocation();
  return true;
}

/**
 * Writes `target` with these tags. If a location is left, such as in the XMP of an unknown program or in a camera's own notes, the
 * whole group of tags goes.
 */
async function writeWithoutLocation(
  tool: MetadataTool,
  { source, target, mimeType }: Rewrite,
  tags: WrittenTags,
): Promise<boolean> {
  const isChanged = await tool.write(source, target, tags);
  const groups = new Set((await locationTagsOf(tool, target)).map(groupOf));
  if (groups.size === 0) return isChanged;
  // A camera RAW cannot be developed without the camera's notes.
  const isRemovable = (group: string) =>
    removableGroups.includes(group) && !(group === 'MakerNotes' && isCameraRaw(mimeType));
  if (![...groups].every(isRemovable)) throw remains(groups);
  const whole = Object.fromEntries([...groups].map((group) => [`${group}:all`, null]));
  await tool.write(source, target, { ...whole, ...tags });
  const left = new Set((await locationTagsOf(tool, target)).map(groupOf));
  if (left.size > 0) throw remains(left);
  return true;
}

const remains = (groups: ReadonlySet<string>) =>
  new CopyUnsupportedError(`The location in ${[...groups].join(', ')} cannot be removed`);

const embeddedLocation = () =>
  new CopyUnsupportedError('A picture or video inside the file has a location that cannot be removed');

async function isLocated(tool: MetadataTool, path: string, scratch: string): Promise<boolean> {
  return (await locationTagsOf(tool, path)).length > 0 || isEmbeddedLocated(tool, path, scratch);
}
