import { html } from '../../pages/html.js';

export interface TextLimit {
  /** In characters as people count them: an emoji of several code points is one. */
  characters: number;
  /** In bytes of UTF-8 in the page, where `"` takes six. */
  bytes: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ELLIPSIS = '…';

const bytesInPage = (text: string): number => Buffer.byteLength(html`${text}`.toString());

/** Returns the text if it is within both limits, else its beginning with an ellipsis. Characters are never split. */
export function shorten(text: string, { characters, bytes }: TextLimit): string {
  let taken = 0;
  let size = 0;
  /** Where the text is cut if it turns out to be too long; there must be room for the ellipsis. */
  let cut = 0;
  for (const { segment, index } of segmenter.segment(text)) {
    taken += 1;
    size += bytesInPage(segment);
    if (taken > characters || size > bytes) return `${text.slice(0, cut).trimEnd()}${ELLIPSIS}`;
    if (taken < characters && size + Buffer.byteLength(ELLIPSIS) <= bytes) cut = index + segment.length;
  }
  return text;
}
