import type { MetadataTool } from '../pipeline/metadata/exiftool.js';

/** A tag that a copy must not have. */
export interface FoundTag {
  /** exiftool's general group, such as EXIF. */
  group: string;
  /** exiftool's specific group, such as IFD0. */
  place: string;
  /** What exiftool classes it as, such as Author. */
  category: string;
  /** Whether it is in a document inside the file, such as a video behind the picture. */
  isInside: boolean;
  name: string;
  value: unknown;
}

/** Finds the tags of a file that a copy must not have. */
export type FindTags = (tool: MetadataTool, path: string) => Promise<FoundTag[]>;

/** `-ee3` looks into embedded documents, `-U` shows what exiftool has no name for; the copy number keeps repeated tags apart. */
const common = ['-a', '-G:0:1:2:3:4', '-ee3', '-U'];

/** Of exiftool itself or of the file system, not of the file. */
const foreignGroups = ['ExifTool', 'Composite'];

export async function readFoundTags(
  tool: MetadataTool,
  path: string,
  tagArguments: readonly string[],
): Promise<FoundTag[]> {
  const tags = await tool.readTags(path, [...common, ...tagArguments]);
  return Object.entries(tags)
    .map(([key, value]) => {
      const [group = '', place = '', category = '', document = '', , name = ''] = key.split(':');
      return { group, place, category, isInside: document !== 'Main', name, value };
    })
    .filter(({ group, place, name }) => name !== '' && !foreignGroups.includes(group) && place !== 'System');
}
