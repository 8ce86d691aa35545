import { type FindTags, readFoundTags } from './found-tags.js';

/**
 * Everything that exiftool classes as a location, in whatever group; and what is named like one in groups that it has no class for (XMP
 * of programs that it does not know, PNG text).
 */
const locationArguments = [
  ...['--Composite:all', '-Location:all'],
  ...['*GPS*', '*Latitude*', '*Longitude*', '*Geotag*'].map((name) => `-${name}`),
];

/** A version says nothing about the place. The camera writes it into an empty GPS block. */
const HARMLESS = 'GPSVersionID';

/** Finds the tags that tell where the photo was taken. */
export const findLocation: FindTags = async (tool, path) =>
  (await readFoundTags(tool, path, locationArguments)).filter(({ name }) => name !== HARMLESS);
