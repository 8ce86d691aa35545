import { MAX_TAG_LENGTH, MAX_TAGS, tagKey } from '@lazyphotos/contracts';
import { splitExtension } from './matching/names.js';
import { cleanLine, firstCharacters, MAX_FILE_NAME } from './texts.js';
import type { MatchRule, PhotoFacts } from './types.js';

/** Rules by which a sidecar belongs to the file itself, and not to another one that the file was made from. */
const OWN_RULES: ReadonlySet<MatchRule> = new Set([
  'number',
  'cut',
  'extension',
  'title',
  'forgotten-duplicate',
]);

/**
 * Returns the name that a photo gets: the one that it had where it was uploaded first, if the export has cut or numbered it; else its name in
 * the archive. An edited copy and the video of a motion photo keep their own: the title is that of another file.
 */
export function fileNameOf(name: string, facts: PhotoFacts | undefined, rule: MatchRule | undefined): string {
  const own = sanitise(name) || 'photo';
  const title = facts?.title === undefined ? '' : sanitise(facts.title);
  if (title === '' || rule === undefined || !OWN_RULES.has(rule)) return own;

  const [ownStem, ownExtension] = splitExtension(own);
  const [, extension] = splitExtension(title);
  if (sameExtension(extension, ownExtension)) return title;
  // A title without an extension, which the export has given to the file.
  const stem = ownStem.replace(/\(\d+\)$/, '');
  return title.startsWith(stem) && extension === '' ? sanitise(title + ownExtension) : own;
}

function sameExtension(a: string, b: string): boolean {
  const canonical = (extension: string) => extension.toLowerCase().replace(/^\.jpeg$/, '.jpg');
  return a !== '' && canonical(a) === canonical(b);
}

/** Returns a name for any file system: no separators, no characters that Windows forbids, nothing invisible; the extension is never cut. */
function sanitise(name: string): string {
  const clean = cleanLine(name.replace(/[\\/:*?"<>|]/g, '_'));
  if (clean === '.' || clean === '..') return '';
  const [stem, extension] = splitExtension(clean);
  return firstCharacters(stem, MAX_FILE_NAME - extension.length).trimEnd() + extension;
}

/** Returns the tags that a photo gets: its tags and the people on it, each once, as many as a photo can have. */
export function planTags(facts: PhotoFacts): string[] {
  const byKey = new Map<string, string>();
  for (const name of [...(facts.tags ?? []), ...(facts.people ?? [])]) {
    const tag = firstCharacters(cleanLine(name), MAX_TAG_LENGTH).trimEnd();
    if (tag !== '' && !byKey.has(tagKey(tag))) byKey.set(tagKey(tag), tag);
  }
  return [...byKey.values()].slice(0, MAX_TAGS);
}
