import { cutKey, MEDIA_CUT, mayBeCut, type Reading, splitExtension } from './names.js';
import { append, keyOf, type Sidecar } from './sidecar-index.js';

/** Sidecars by the names in them, which only few photos need. */
export class TitleIndex<Id> {
  private readonly byTitle = new Map<string, Sidecar<Id>[]>();

  constructor(sidecars: Iterable<Sidecar<Id>>) {
    for (const sidecar of sidecars) {
      if (sidecar.title !== undefined) this.add(sidecar, sidecar.title);
    }
  }

  /** By the name of a photo with or without its extension; Google may have replaced or cut parts of it. */
  titled({ name, number }: Reading): readonly Sidecar<Id>[] {
    const [stem] = splitExtension(name);
    return [name, stem].flatMap((title) => this.byTitle.get(keyOf(foldTitle(title), number)) ?? []);
  }

  /** Those whose own names are cut, with any number. */
  cutAndTitled(name: string): readonly Sidecar<Id>[] {
    return this.titled({ name, number: ANY });
  }

  private add(sidecar: Sidecar<Id>, title: string): void {
    const [stem, extension] = splitExtension(title);
    const cutTitle = stem.slice(0, MEDIA_CUT + 1 - extension.length) + extension;
    for (const { name, number } of sidecar.readings) {
      for (const folded of [foldTitle(title), foldTitle(cutTitle)]) {
        append(this.byTitle, keyOf(folded, number), sidecar);
        if (mayBeCut(name)) append(this.byTitle, keyOf(folded, ANY), sidecar);
      }
    }
  }
}

/** No number. */
const ANY = '*';

/** Returns a name with all that Google may have replaced by `_` in file names replaced: only letters, digits and dots stay. */
export const foldTitle = (title: string): string =>
  title
    .normalize('NFC')
    .toLowerCase()
    .trim()
    .replace(/[^\p{L}\p{N}\p{M}.]/gu, '_');

/**
 * Returns whether a photo got its name from a title, which is the whole name that it had before the export: 2 if it did, 1 if the extension
 * differs, 0 if it did not; undefined without a title. The name may be cut, and may have a `_` for any sign of the title.
 */
export function titleFit(name: string, title: string | undefined): number | undefined {
  if (title === undefined) return undefined;
  const [stem, extension] = splitExtension(name);
  const [titleStem, titleExtension] = splitExtension(title);
  const own = lettersOf(stem);
  const whole = lettersOf(titleStem);
  if (!startsWith(whole, own) || (own.length !== whole.length && !mayBeCut(stem))) return 0;
  return titleExtension === '' || extension.toLowerCase() === titleExtension.toLowerCase() ? 2 : 1;
}

/** The same for the title of a sidecar, if the sidecar has its own name from it; other titles do not matter for names. */
export function ownTitleFit<Id>(name: string, { title, readings }: Sidecar<Id>): number | undefined {
  if (title === undefined) return undefined;
  const whole = lettersOf(title);
  const isOwn = readings.some((reading) => startsWith(whole, lettersOf(cutKey(reading.name))));
  return isOwn ? titleFit(name, title) : undefined;
}

const startsWith = (whole: readonly string[], own: readonly string[]): boolean =>
  own.length <= whole.length && own.every((letter, index) => isLetterOf(letter, whole[index] ?? ''));

const lettersOf = (text: string): string[] => [...text.trim().normalize('NFD').toLowerCase()];

function isLetterOf(letter: string, inTitle: string): boolean {
  if (letter === inTitle) return true;
  // What is left of a surrogate pair that was cut apart.
  if (letter === '\uFFFD') return inTitle.length > 1;
  return letter === '_' && !/[\p{L}\p{N}]/u.test(inTitle);
}
