import { placeInLanguage, type SharedLink, type SharedPhoto } from '@lazyphotos/contracts';
import { html } from '../../pages/html.js';
import type { Language } from '../../pages/page.js';
import { SHARE_MESSAGES } from './messages.js';

/** The limit of a caption in the list. The photo's own page has the whole description. */
const CAPTION_LIMIT = { characters: 100, bytes: 200 };

const DATE_FORMATS: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }),
  de: new Intl.DateTimeFormat('de', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }),
};

/** Returns the local time where the photo was taken; in UTC where the offset is not known. */
function takenAt({ capturedAt, capturedAtOffset = 0 }: SharedPhoto, language: Language): string | undefined {
  if (capturedAt === undefined) return undefined;
  return DATE_FORMATS[language].format(new Date(Date.parse(capturedAt) + capturedAtOffset * 60_000));
}

/** Returns city and country, if the link shows locations. */
function placeOf(photo: SharedPhoto, { showLocation }: SharedLink, language: Language): string | undefined {
  if (!showLocation || !photo.place) return undefined;
  const { city, region, country } = placeInLanguage(photo.place, language);
  return [city ?? region, country].filter((name) => name !== undefined).join(', ') || undefined;
}

/** Returns time and place in one line. */
export const whenAndWhere = (photo: SharedPhoto, link: SharedLink, language: Language): string =>
  [takenAt(photo, language), placeOf(photo, link, language)].filter((part) => part !== undefined).join(' · ');

export interface Caption {
  text: string;
  /** Whether the description is longer. */
  isCut: boolean;
}

/** Returns the beginning of the description in one line. Undefined for a photo without a description. */
export function captionOf({ description }: SharedPhoto): Caption | undefined {
  const line = description?.replace(/\s+/g, ' ').trim();
  if (!line) return undefined;
  const text = shorten(line, CAPTION_LIMIT);
  return { text, isCut: text !== line };
}

/** Returns the text alternative of the picture: the caption, else the date, else the file name. */
export function altOf(photo: SharedPhoto, language: Language): string {
  const caption = captionOf(photo);
  if (caption) return caption.text;
  const date = takenAt(photo, language);
  return date === undefined ? shorten(photo.fileName, CAPTION_LIMIT) : SHARE_MESSAGES[language].alt(date);
}

interface TextLimit {
  /** In characters as people count them: an emoji of several code points is one. */
  characters: number;
  /** In bytes of UTF-8 in the page, where `"` takes six. */
  bytes: number;
}

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ELLIPSIS = '…';

const bytesInPage = (text: string): number => Buffer.byteLength(html`${text}`.toString());

/** Returns the text if it is within both limits, else its beginning with an ellipsis. Characters are never split. */
export function shorten(text: string, { characters, bytes }: TextLimit): string {
  let taken = 0;
  let size = 0;
  /** Where the text is cut if it is too long. There must be room for the ellipsis. */
  let cut = 0;
  for (const { segment, index } of SEGMENTER.segment(text)) {
    taken += 1;
    size += bytesInPage(segment);
    if (taken > characters || size > bytes) return `${text.slice(0, cut).trimEnd()}${ELLIPSIS}`;
    if (taken < characters && size + Buffer.byteLength(ELLIPSIS) <= bytes) cut = index + segment.length;
  }
  return text;
}
