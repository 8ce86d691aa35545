import { rm } from 'node:fs/promises';
import { isCameraRaw } from '@lazyphotos/contracts';
import { type MetadataTool, UnwritableError, type WrittenTags } from '../pipeline/metadata/exiftool.js';
import { type FindTags, type FoundTag, findLocation, findOwner, readFoundTags } from './find-tags.js';

/** Removes the whole GPS block, with its times and directions. */
export const NO_LOCATION: WrittenTags = { 'GPS:all': null, 'Location:all': null };

/**
 * Segments of a JPEG with content that exiftool does not know (https://exiftool.org/TagNames/JPEG.html). Segments that it
 * knows, such as EXIF or an ICC profile, are not in these groups.
 */
const noUnknownSegments = (numbers: readonly number[]): WrittenTags =>
  Object.fromEntries(numbers.map((number) => [`APP${number}:all`, null]));
const ALL_SEGMENTS = Array.from({ length: 16 }, (_, number) => number);
/** APP2 holds what displays need for the gain map of an HDR photo (ISO 21496-1). It is useless without the trailer. */
const SEGMENTS_BESIDE_GAIN_MAP = ALL_SEGMENTS.filter((number) => number !== 2);

/**
 * Writes `target` without any location and without the owner's name and address. Trailers are removed too, since exiftool does not know
 * all of them. Resolves to false if the source has none of that; then `target` is not to be used.
 * @throws CopyUnsupportedError
 */
export const removeLocation = (tool: MetadataTool, rewrite: Rewrite): Promise<boolean> =>
  remove(
    tool,
    rewrite,
    {
      ...NO_LOCATION,
      ...noUnknownSegments(ALL_SEGMENTS),
      ...(isCameraRaw(rewrite.mimeType) ? {} : NO_TRAILER),
    },
    async (...file) => [...(await findLocation(...file)), ...(await findOwner(...file))],
  );

/**
 * Writes `target` without the owner's name and address. The location stays, and so do the data after the picture, unless they name
 * the owner. Resolves to false if the source has none of that; then `target` is not to be used.
 * @throws CopyUnsupportedError
 */
export const removeOwner = (tool: MetadataTool, rewrite: Rewrite): Promise<boolean> =>
  remove(tool, rewrite, noUnknownSegments(SEGMENTS_BESIDE_GAIN_MAP), findOwner);

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

export interface Rewrite {
  /** A file whose name has the extension of its format, as `target` has. */
  source: string;
  mimeType: string;
  /** The file to make. */
  target: string;
  /** Another file to make meanwhile. */
  scratch: string;
}

/** Removes the data after the picture (the video of a motion photo, the pictures of MPF, data of programs), and the tags that announce them. */
const NO_TRAILER: WrittenTags = {
  'Trailer:all': null,
  'MPF:all': null,
  'XMP-GCamera:all': null,
  'XMP-GContainer:all': null,
};

/** Removes the thumbnails in the metadata. Not for TIFF, where IFD1 is the next page. */
const NO_THUMBNAILS: WrittenTags = {
  'IFD1:all': null,
  'Photoshop:PhotoshopThumbnail': null,
  'XMP-xmp:Thumbnails': null,
};

/** Groups that can be removed as a whole if a tag in them cannot be removed alone. EXIF cannot: it holds the orientation. */
const REMOVABLE_GROUPS = ['XMP', 'IPTC', 'PNG', 'Photoshop', 'MakerNotes', 'Ducky', 'JUMBF'];

/** Pictures and videos inside a photo may have their own metadata, which exiftool does not show. */
const EMBEDDED_TAGS = [
  'ThumbnailImage',
  'PhotoshopThumbnail',
  'ThumbnailsImage',
  'PreviewImage',
  'JpgFromRaw',
  'JpgFromRaw2',
  'OtherImage',
  'EmbeddedImage',
  'MotionPhotoVideo',
  'EmbeddedVideoFile',
  'MPImage2',
  'MPImage3',
  'MPImage4',
];

/**
 * Writes `target` with `tags` and without the tags that `find` finds. If some of them are left, such as in the XMP of an unknown program
 * or in maker notes, their whole group is removed; if they are in pictures or videos inside the file, these are removed. Resolves to
 * false if that changes nothing.
 * @throws CopyUnsupportedError, UnwritableError
 */
export async function writeWithout(
  tool: MetadataTool,
  rewrite: Rewrite,
  tags: WrittenTags,
  find: FindTags,
): Promise<boolean> {
  const { source, target, scratch } = rewrite;
  const named = removalOf(await find(tool, source));
  const isChanged = await tool.write(source, target, { ...named, ...tags });
  const left = await find(tool, target);
  const isInside = await isEmbedded(tool, target, scratch, find);
  if (left.length === 0 && !isInside) return isChanged;
  await tool.write(source, target, { ...moreToRemove(rewrite, left, isInside), ...named, ...tags });
  const remaining = await find(tool, target);
  if (remaining.length > 0) throw tagsRemain(remaining);
  if (await isEmbedded(tool, target, scratch, find)) throw embeddedTagsRemain();
  return true;
}

/** Returns whether `find` finds tags in a file, or in a picture or video inside it. */
const isAnywhere = async (
  tool: MetadataTool,
  { source, scratch }: Rewrite,
  find: FindTags,
): Promise<boolean> =>
  (await find(tool, source)).length > 0 || (await isEmbedded(tool, source, scratch, find));

/** The names come from the file, so only those are used that are valid in an exiftool argument. */
const removalOf = (found: readonly FoundTag[]): WrittenTags =>
  Object.fromEntries(
    found
      .filter(({ place, name, isInside }) => !isInside && /^[\w-]+:[\w-]+$/.test(`${place}:${name}`))
      .map(({ place, name }) => [`${place}:${name}`, null]),
  );

function moreToRemove({ mimeType }: Rewrite, left: readonly FoundTag[], isInside: boolean): WrittenTags {
  const isRaw = isCameraRaw(mimeType);
  const hasDocuments = isInside || left.some((tag) => tag.isInside);
  const isInExif = left.some(({ group }) => group === 'EXIF');
  const found = new Set(left.flatMap(({ group, place }) => [group, place]));
  // A camera RAW cannot be developed without the maker notes.
  const groups = REMOVABLE_GROUPS.filter((group) => found.has(group) && !(isRaw && group === 'MakerNotes'));
  return {
    ...Object.fromEntries(groups.map((group) => [`${group}:all`, null])),
    ...(hasDocuments && !isRaw && NO_TRAILER),
    ...((hasDocuments || isInExif) && !isRaw && mimeType !== 'image/tiff' && NO_THUMBNAILS),
  };
}

async function isEmbedded(
  tool: MetadataTool,
  path: string,
  scratch: string,
  find: FindTags,
): Promise<boolean> {
  for (const tag of await embeddedIn(tool, path)) {
    try {
      await tool.extract(tag, path, scratch);
      if ((await find(tool, scratch)).length > 0) return true;
    } finally {
      await rm(scratch, { force: true });
    }
  }
  return false;
}

async function embeddedIn(tool: MetadataTool, path: string): Promise<string[]> {
  const found = await readFoundTags(
    tool,
    path,
    EMBEDDED_TAGS.map((tag) => `-${tag}`),
  );
  const names = new Set(found.map(({ name }) => name));
  return EMBEDDED_TAGS.filter((tag) => names.has(tag));
}

const tagsRemain = (left: readonly FoundTag[]) =>
  new CopyUnsupportedError(
    `Data in ${[...new Set(left.map(({ group }) => group))].join(', ')} must not be shown and cannot be removed`,
  );

const embeddedTagsRemain = () =>
  new CopyUnsupportedError(
    'A picture or video inside the file has data that must not be shown and cannot be removed',
  );

/** This copy can never be made of this file. */
export class CopyUnsupportedError extends Error {
  override readonly name = 'CopyUnsupportedError';

  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
  }
}
