import { placeInLanguage, type SharedLink, type SharedPhoto } from '@lazyphotos/contracts';
import type { Language } from '../../pages/language.js';
import { shareMessages } from './messages.js';
import { shorten } from './shorten.js';

/** Of a caption in the list. The whole description is on the photo's own page. */
const CAPTION_LIMIT = { characters: 100, bytes: 200 };

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

export interface Caption {
  text: string;
  /** Whether the description is longer. */
  isCut: boolean;
}

/** The beginning of the description, in one line. Undefined for a photo without a description. */
export function captionOf({ description }: SharedPhoto): Caption | undefined {
  const line = description?.replace(/\s+/g, ' ').trim();
  if (!line) return undefined;
  const text = shorten(line, CAPTION_LIMIT);
  return { text, isCut: text !== line };
}

/** The text alternative of the picture: the caption, else the date, else the file name. */
export function altOf(photo: SharedPhoto, language: Language): string {
  const caption = captionOf(photo);
  if (caption) return caption.text;
  const date = takenAt(photo, language);
  return date === undefined ? shorten(photo.fileName, CAPTION_LIMIT) : shareMessages[language].alt(date);
}
