import { rm } from 'node:fs/promises';
import { isCameraRaw } from '@lazyphotos/contracts';
import type { MetadataTool, WrittenTags } from '../pipeline/metadata/exiftool.js';
import { CopyUnsupportedError } from './errors.js';
import { type FindTags, type FoundTag, readFoundTags } from './found-tags.js';

export interface Rewrite {
  /** A file whose name has the extension of its format, as `target` has. */
  source: string;
  mimeType: string;
  /** The file to make. */
  target: string;
  /** Another file to make meanwhile. */
  scratch: string;
}

/**
 * What follows the picture in the file (the video of a motion photo, the pictures of MPF, data of programs), with the marks that
 * announce it.
 */
export const noTrailer: WrittenTags = {
  'Trailer:all': null,
  'MPF:all': null,
  'XMP-GCamera:all': null,
  'XMP-GContainer:all': null,
};

/** The small pictures in the metadata of a picture. Not for TIFF, where IFD1 is the next page. */
const noThumbnails: WrittenTags = {
  'IFD1:all': null,
  'Photoshop:PhotoshopThumbnail': null,
  'XMP-xmp:Thumbnails': null,
};

/** Groups that can be removed as a whole if a tag in them cannot be removed alone. EXIF cannot: it holds the orientation. */
const removableGroups = ['XMP', 'IPTC', 'PNG', 'Photoshop', 'MakerNotes', 'Ducky', 'JUMBF'];

/** Pictures and videos inside a photo may have metadata of their own, which exiftool does not show. */
const embeddedTags = [
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
 * Writes `target` with these tags and without those that are to be found. If such tags are left, such as in the XMP of an unknown
 * program or in a camera's own notes, their whole group goes; if they are in pictures or videos inside the file, these go. Resolves to
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
  if (remaining.length > 0) throw remains(remaining);
  if (await isEmbedded(tool, target, scratch, find)) throw embedded();
  return true;
}

/** Returns whether a file, or a picture or video in it, has what is to be found. */
export const isAnywhere = async (
  tool: MetadataTool,
  { source, scratch }: Rewrite,
  find: FindTags,
): Promise<boolean> =>
  (await find(tool, source)).length > 0 || (await isEmbedded(tool, source, scratch, find));

/** Only names that can be part of an exiftool argument: they come from the file. */
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
  // A camera RAW cannot be developed without the camera's notes.
  const groups = removableGroups.filter((group) => found.has(group) && !(isRaw && group === 'MakerNotes'));
  return {
    ...Object.fromEntries(groups.map((group) => [`${group}:all`, null])),
    ...(hasDocuments && !isRaw && noTrailer),
    ...((hasDocuments || isInExif) && !isRaw && mimeType !== 'image/tiff' && noThumbnails),
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
    embeddedTags.map((tag) => `-${tag}`),
  );
  const names = new Set(found.map(({ name }) => name));
  return embeddedTags.filter((tag) => names.has(tag));
}

const remains = (left: readonly FoundTag[]) =>
  new CopyUnsupportedError(
    `What must not be shown in ${[...new Set(left.map(({ group }) => group))].join(', ')} cannot be removed`,
  );

const embedded = () =>
  new CopyUnsupportedError(
    'A picture or video inside the file has data that must not be shown and cannot be removed',
  );
