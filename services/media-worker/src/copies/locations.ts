import { rm } from 'node:fs/promises';
import type { MetadataTool } from '../pipeline/metadata/exiftool.js';
import { groupOf, type RawTags } from '../pipeline/metadata/tags.js';

/**
 * Everything that exiftool classes as a location, in whatever group; and what is named like one in groups that it has no class for (XMP
 * of programs that it does not know, PNG text). `-ee3` looks into embedded documents.
 */
const locationArguments = [
  ...['-a', '-G0', '-ee3', '-U', '--Composite:all', '-Location:all'],
  ...['*GPS*', '*Latitude*', '*Longitude*', '*Geotag*'].map((name) => `-${name}`),
];

/** Pictures and videos inside a photo may have metadata of their own, which exiftool does not show. */
const embeddedTags = [
  'ThumbnailImage',
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

/** Of exiftool itself, not of the file. */
const isOfFile = (key: string) => key.includes(':') && !key.startsWith('ExifTool:');

/** A direction or a version says nothing about the place. The camera writes the version into an empty GPS block. */
const HARMLESS = /:GPSVersionID$/;

/** Returns the names (`Group:Tag`) of the tags of a file that tell where the photo was taken. */
export async function locationTagsOf(tool: MetadataTool, path: string): Promise<string[]> {
  const tags = await tool.readTags(path, locationArguments);
  return Object.keys(tags).filter((key) => isOfFile(key) && !HARMLESS.test(key));
}

/** Returns whether a picture or video that is embedded in the file tells where it was taken. Uses `scratch` as a file for a while. */
export async function isEmbeddedLocated(tool: MetadataTool, path: string, scratch: string): Promise<boolean> {
  for (const tag of await embeddedIn(tool, path)) {
    try {
      await tool.extract(tag, path, scratch);
      if ((await locationTagsOf(tool, scratch)).length > 0) return true;
    } finally {
      await rm(scratch, { force: true });
    }
  }
  return false;
}

async function embeddedIn(tool: MetadataTool, path: string): Promise<string[]> {
  const tags: RawTags = await tool.readTags(path, ['-G0', ...embeddedTags.map((tag) => `-${tag}`)]);
  const found = Object.keys(tags)
    .filter(isOfFile)
    .map((key) => key.slice(groupOf(key).length + 1));
  return embeddedTags.filter((tag) => found.includes(tag));
}
