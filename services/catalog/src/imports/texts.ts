import { tagKey } from '@lazyphotos/contracts';

/*
 * Texts of other systems, made to fit what this one takes from its own clients (packages/contracts: `line`, `text` and the limits of
 * the patches): a text that is too long is cut, not refused, for an import must lose as little as it can.
 */

const MAX_DESCRIPTION = 10_000;
const MAX_TAG = 100;
const MAX_ALBUM_NAME = 200;
const MAX_ALBUM_DESCRIPTION = 5000;

/** Cuts between characters: a surrogate pair is one, as in the contract. */
function cut(value: string, max: number): string {
  if (value.length <= max) return value;
  return [...value.slice(0, 2 * max)].slice(0, max).join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const withoutControls = (value: string) => value.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '');
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
const onOneLine = (value: string) => value.replace(/[\0-\x1f\x7f]+/g, ' ');

/** Returns undefined for a text that is blank. */
function textOf(value: string | undefined, max: number): string | undefined {
  const text = cut(withoutControls((value ?? '').toWellFormed()), max);
  return text.trim() === '' ? undefined : text;
}

const lineOf = (value: string, max: number): string =>
  cut(onOneLine(value.toWellFormed()).trim(), max).trim();

export const descriptionOf = (value: string | undefined): string | undefined =>
  textOf(value, MAX_DESCRIPTION);

/** Returns the tags that are not blank, in their order, each once. */
export function tagsFrom(values: readonly string[] = []): string[] {
  const tags = new Map<string, string>();
  for (const value of values) {
    const tag = lineOf(value, MAX_TAG);
    if (tag !== '' && !tags.has(tagKey(tag))) tags.set(tagKey(tag), tag);
  }
  return [...tags.values()];
}

/** Returns what an album of an import is called. One without a name still has to be listed. */
export const albumTextsOf = ({ name, description }: { name: string; description?: string | undefined }) => ({
  name: lineOf(name, MAX_ALBUM_NAME) || 'Album',
  description: textOf(description, MAX_ALBUM_DESCRIPTION) ?? null,
});
