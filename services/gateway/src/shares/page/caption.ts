import { placeInLanguage, type SharedLink, type SharedPhoto } from '@lazyphotos/contracts';
import type { Language } from '../../pages/language.js';
import { shareMessages } from './messages.js';

const LONGEST_ALT = 120;

const formats: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }),
  de: new Intl.DateTimeFormat('de', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }),
};

/** What the clock showed where the photo was taken; in UTC where that is not known. */
export function takenAt(
  { capturedAt, capturedAtOffset = 0 }: SharedPhoto,
  language: Language,
): string | undefined {
  if (capturedAt === undefined) return undefined;
  return formats[language].format(new Date(Date.parse(capturedAt) + capturedAtOffset * 60_000));
}

/** City and country, where the link shows locations. */
export function placeOf(
  photo: SharedPhoto,
  { showLocation }: SharedLink,
  language: Language,
): string | undefined {
  if (!showLocation || !photo.place) return undefined;
  const { city, region, country } = placeInLanguage(photo.place, language);
  return [city ?? region, country].filter((name) => name !== undefined).join(', ') || undefined;
}

/** When and where, in one line. */
export const whenAndWhere = (photo: SharedPhoto, link: SharedLink, language: Language): string =>
  [takenAt(photo, language), placeOf(photo, link, language)].filter((part) => part !== undefined).join(' · ');

/** What stands in for the picture where it cannot be seen. */
export function altOf(photo: SharedPhoto, language: Language): string {
  const description = photo.description?.replace(/\s+/g, ' ').trim();
  if (description)
    return description.length > LONGEST_ALT
      ? `${description.slice(0, LONGEST_ALT).toWellFormed().trimEnd()}…`
      : description;
  const date = takenAt(photo, language);
  return date === undefined ? photo.fileName : shareMessages[language].alt(date);
}
