/** Dotless i must not become i, as it would by way of its upper-case form: in Turkish the two are different letters. */
const DOTLESS_I = 'ı';

/**
 * Returns what two tags have in common that are the same tag: Unicode normalisation form C, no blanks around it, case folded
 * (by way of upper case, so that ß equals SS and every sigma the same). It does not depend on a locale. Unique per photo; the
 * tag's name keeps its own case.
 */
export const tagKey = (name: string): string =>
  name
    .toWellFormed()
    .normalize('NFC')
    .trim()
    .split(DOTLESS_I)
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase())
    .join(DOTLESS_I)
    .normalize('NFC');
