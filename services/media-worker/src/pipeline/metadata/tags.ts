/** Tags as exiftool prints them, keyed `Group:Name`. The values come from the file and are not trusted. */
export type RawTags = Readonly<Record<string, unknown>>;

/** Embedded pictures that a camera RAW may hold. */
export const EMBEDDED_PICTURE_TAGS = [
  'JpgFromRaw',
  'JpgFromRaw2',
  'PreviewImage',
  'OtherImage',
  'ThumbnailImage',
];

/**
 * The arguments for exiftool. `-a -G0` returns a tag from every group that has it; JSONQ keeps "024" (24 ms) and "007" (a model)
 * from becoming numbers. `MetadataTags` is the list in exiftool.config: as arguments of each photo its tags would take exiftool 4 ms to
 * parse.
 */
const WANTED_TAGS: readonly string[] = ['-a', '-G0', '-api', 'StructFormat=JSONQ', '-MetadataTags'];

/** `-fast` stops exiftool from reading a JPEG to its end in search of a trailer. */
export const TAG_ARGUMENTS: readonly string[] = ['-fast', ...WANTED_TAGS];

/** For GIF: with `-fast` exiftool stops at the first comment, and XMP may follow it. */
export const GIF_TAG_ARGUMENTS: readonly string[] = WANTED_TAGS;

export const RAW_TAG_ARGUMENTS: readonly string[] = [
  ...TAG_ARGUMENTS,
  ...EMBEDDED_PICTURE_TAGS.map((tag) => `-${tag}`),
];

/** Groups, the most reliable first: values that exiftool derives, that the camera wrote, that programs added. */
const GROUP_ORDER = ['Composite', 'EXIF', 'XMP'];

/** Returns the values of a tag in all groups of the file, the most reliable first. */
export function valuesOf(tags: RawTags, name: string, order: readonly string[] = GROUP_ORDER): unknown[] {
  const rank = (key: string) => {
    const index = order.indexOf(groupOf(key));
    return index === -1 ? order.length : index;
  };
  return Object.keys(tags)
    .filter((key) => key.endsWith(`:${name}`))
    .sort((a, b) => rank(a) - rank(b))
    .map((key) => tags[key]);
}

export function firstOf(tags: RawTags, name: string, order?: readonly string[]): unknown {
  return valuesOf(tags, name, order)[0];
}

export function groupOf(key: string): string {
  return key.slice(0, key.indexOf(':'));
}
