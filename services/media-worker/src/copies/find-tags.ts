import type { MetadataTool } from '../pipeline/metadata/exiftool.js';

/** A tag that a copy must not have. */
export interface FoundTag {
  /** exiftool's general group, such as EXIF. */
  group: string;
  /** exiftool's specific group, such as IFD0. */
  place: string;
  /** exiftool's category, such as Author. */
  category: string;
  /** Whether it is in a document inside the file, such as a video behind the picture. */
  isInside: boolean;
  name: string;
  value: unknown;
}

/** Finds the tags of a file that a copy must not have. */
export type FindTags = (tool: MetadataTool, path: string) => Promise<FoundTag[]>;

/** `-ee3` reads embedded documents, `-U` shows tags that exiftool has no name for; the copy number tells repeated tags apart. */
const COMMON_ARGUMENTS = ['-a', '-G:0:1:2:3:4', '-ee3', '-U'];

/** Groups of exiftool itself, not of the file. */
const FOREIGN_GROUPS = ['ExifTool', 'Composite'];

export async function readFoundTags(
  tool: MetadataTool,
  path: string,
  tagArguments: readonly string[],
): Promise<FoundTag[]> {
  const tags = await tool.readTags(path, [...COMMON_ARGUMENTS, ...tagArguments]);
  return Object.entries(tags)
    .map(([key, value]) => {
      const [group = '', place = '', category = '', document = '', , name = ''] = key.split(':');
      return { group, place, category, isInside: document !== 'Main', name, value };
    })
    .filter(({ group, place, name }) => name !== '' && !FOREIGN_GROUPS.includes(group) && place !== 'System');
}

/**
 * All tags in exiftool's category Location, in every group; and tags with such names in groups without categories (XMP of programs that
 * exiftool does not know, PNG text).
 */
const LOCATION_ARGUMENTS = [
  ...['--Composite:all', '-Location:all'],
  ...['*GPS*', '*Latitude*', '*Longitude*', '*Geotag*'].map((name) => `-${name}`),
];

/** A version, which cameras write into an empty GPS block. It tells nothing about the place. */
const HARMLESS = 'GPSVersionID';

/** Finds the tags that tell where the photo was taken. */
export const findLocation: FindTags = async (tool, path) =>
  (await readFoundTags(tool, path, LOCATION_ARGUMENTS)).filter(({ name }) => name !== HARMLESS);

/** Tags with names of people that are not in exiftool's category Author: the camera's owner, the name of a computer. */
const PERSON = /owner(?!ship)|artist|author(?!i[tsz])|photographer|^HostComputer$|^ImageEditor$/i;

/** Statements of rights. They stay, since a license may ask for that, unless they hold an e-mail address. */
const RIGHTS =
  /^(profile)?copyright(notice|flag|status)?(-|$)|^(rights|usageterms|marked|webstatement|license|credit|source|certificate)(-|$)/i;

/** The last character before the sign and a domain with a dot. Anything longer could take quadratic time. */
const EMAIL = /[^\s@]@[\p{L}\p{N}](?:[\p{L}\p{N}-]*\.)+\p{L}{2,}/u;
const ENCODED_SIGN = /%40|&#0*64;|&#x0*40;|&commat;/gi;

/** Returns whether a text holds an e-mail address, also one that is encoded for a URL or HTML or in full-width characters. */
export const hasEmail = (text: string): boolean =>
  EMAIL.test(text.normalize('NFKC').replace(ENCODED_SIGN, '@'));

function isOwner({ place, category, name, value }: FoundTag): boolean {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Cameras write empty names when no name was entered.
  if (/^[\s\0]*$/.test(text)) return false;
  if (hasEmail(text)) return true;
  if (place === 'ICC_Profile') return false;
  // Names and addresses of creators, licensors and suppliers, in tags of many names.
  if (place === 'XMP-plus') return true;
  return PERSON.test(name) || (category === 'Author' && !RIGHTS.test(name));
}

/** Finds the tags that name the owner, the creator or a contact, and every other tag that holds an e-mail address. */
export const findOwner: FindTags = async (tool, path) => {
  const tags = await readFoundTags(tool, path, ['--Composite:all', '-all']);
  const models = tags.filter(({ name }) => name === 'Model').map(({ value }) => value);
  // Phones write their model into HostComputer.
  const isModel = ({ name, value }: FoundTag) => name === 'HostComputer' && models.includes(value);
  return tags.filter((tag) => isOwner(tag) && !isModel(tag));
};
