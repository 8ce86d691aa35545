/**
 * Returns a name's stem and its extension with the dot. The extension is empty when the last dot is not followed by one to six letters,
 * digits or `~`: `27.06.12 - 1` has none, `X.MP~2` has one.
 */
export function splitExtension(name: string): [stem: string, extension: string] {
  const index = name.search(/\.[A-Za-z\d~]{1,6}$/);
  return index <= 0 ? [name, ''] : [name.slice(0, index), name.slice(index)];
}

/** A name without the number that the export gave it, and that number; empty if it has none. */
export interface Reading {
  name: string;
  number: string;
}

/**
 * Returns what a photo may have been called: `IMG(1).jpg` is the second `IMG.jpg`, or a file that a person gave this name. Only the last
 * bracket counts.
 */
export function readMediaName(name: string): Reading[] {
  const [stem, extension] = splitExtension(name);
  const [, base, number] = /^(.+)\((\d+)\)$/su.exec(stem) ?? [];
  const literal = { name, number: '' };
  return base === undefined || number === undefined
    ? [literal]
    : [literal, { name: base + extension, number }];
}

/** What Google appends to the name of a photo, since October 2024; before that, nothing. */
const SUFFIX = 'supplemental-metadata';

/**
 * Returns which photo a sidecar may belong to, by its name alone: several readings, since suffix and number are ambiguous. Google appends
 * `.supplemental-metadata`, cuts the whole, appends the number, then `.json`; any part of the suffix can be left, also its dot alone.
 */
export function readSidecarName(sidecarName: string): Reading[] {
  const core = sidecarName.replace(/\.json$/i, '');
  const readings = withoutNumber(core).flatMap(({ name, number }) => {
    const stem = withoutSuffix(name);
    if (stem === undefined) return [{ name, number }];
    // Some exports number the name before the suffix.
    const inner = number === '' ? withoutNumber(stem) : [{ name: stem, number }];
    // A short rest of the suffix can also be that of an extension: `.s` of `.svg`.
    const isSurelySuffix = name.length - stem.length > '.sup'.length - 1 && splitExtension(stem)[1] !== '';
    return isSurelySuffix ? inner : [...inner, { name, number }];
  });
  return readings.filter(({ name }) => name !== '');
}

/** `IMG.jpg(1)` is the second `IMG.jpg`, or what the export made of a name that ends so. */
function withoutNumber(text: string): Reading[] {
  const [, name, number] = /^(.+)\((\d+)\)$/su.exec(text) ?? [];
  const literal = { name: text, number: '' };
  return name === undefined || number === undefined ? [literal] : [{ name, number }, literal];
}

function withoutSuffix(text: string): string | undefined {
  const dot = text.lastIndexOf('.');
  return dot > 0 && SUFFIX.startsWith(text.slice(dot + 1).toLowerCase()) ? text.slice(0, dot) : undefined;
}

/**
 * Google cuts the name of a sidecar, without `.json`, at 46 characters, and that of a photo at 51 with its extension. Which characters it
 * counts is not documented; UTF-16 units and code points both occur. A surrogate pair that is cut apart leaves 45.
 */
export const SIDECAR_CUT = 45;
export const MEDIA_CUT = 50;
/** Returns whether the end of a sidecar's name may have been cut off. Titles from macOS were cut in form NFD. */
export function mayBeCut(stem: string): boolean {
  if (stem.length >= SIDECAR_CUT) return true;
  const length = stem.normalize('NFD').length;
  return length >= SIDECAR_CUT && length <= MEDIA_CUT;
}

/** Returns the beginning of a name in form NFD for comparison, so that a letter that has lost its mark still matches. */
export const cutKey = (stem: string): string => stem.normalize('NFD').replace(/[?\uFFFD]$/, '');

export const isVideoExtension = (extension: string): boolean =>
  /^\.(?:mp4|mov|m4v|3gp|avi|mkv|webm|mts|m2ts|mpe?g|wmv|mv|mp(?:~\d+)?)$/i.test(extension);

/** The video of a Pixel's motion photo, which has no sidecar of its own: `X.MP` beside `X.MP.jpg`, `X.MP~2`, `X.MV`. */
export const isMotionName = (name: string): boolean => /\.(?:mp|mv)(?:~\d+)?$/i.test(splitExtension(name)[1]);
