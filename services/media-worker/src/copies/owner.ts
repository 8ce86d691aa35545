import { type FindTags, type FoundTag, readFoundTags } from './found-tags.js';

/** Names of people that exiftool does not class as `Author`: the camera's owner, the computer that is named after somebody. */
const PERSON = /owner(?!ship)|artist|author(?!i[tsz])|photographer|^HostComputer$|^ImageEditor$/i;

/** XMP-plus holds names and addresses of creators, licensors and suppliers, under many names. */
const isPersonGroup = (place: string) => place === 'XMP-plus';

/** Statements of rights. They stay, since a license may ask for that, unless they hold an e-mail address. */
const RIGHTS =
  /^(profile)?copyright(notice|flag|status)?(-|$)|^(rights|usageterms|marked|webstatement|license|credit|source|certificate)(-|$)/i;

/** The last character before the sign and a domain with a dot. Anything longer could take quadratic time. */
const EMAIL = /[^\s@]@[\p{L}\p{N}](?:[\p{L}\p{N}-]*\.)+\p{L}{2,}/u;
const ENCODED_SIGN = /%40|&#0*64;|&#x0*40;|&commat;/gi;

/** Returns whether there is an e-mail address in a text, also one that is written for a URL, for HTML or in full-width characters. */
export const hasEmail = (text: string): boolean =>
  EMAIL.test(text.normalize('NFKC').replace(ENCODED_SIGN, '@'));

function isOwner({ place, category, name, value }: FoundTag): boolean {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Cameras write empty names when nobody has entered one.
  if (/^[\s\0]*$/.test(text)) return false;
  if (hasEmail(text)) return true;
  if (place === 'ICC_Profile') return false;
  if (isPersonGroup(place)) return true;
  return PERSON.test(name) || (category === 'Author' && !RIGHTS.test(name));
}

/** Finds the tags that name the owner, the creator or somebody to contact, and every other tag that holds an e-mail address. */
export const findOwner: FindTags = async (tool, path) => {
  const tags = await readFoundTags(tool, path, ['--Composite:all', '-all']);
  const models = tags.filter(({ name }) => name === 'Model').map(({ value }) => value);
  // Phones write their model there.
  const isModel = ({ name, value }: FoundTag) => name === 'HostComputer' && models.includes(value);
  return tags.filter((tag) => isOwner(tag) && !isModel(tag));
};
