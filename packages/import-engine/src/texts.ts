/** As many characters as the catalog keeps of a description (packages/contracts/src/http/metadata.ts). */
export const MAX_DESCRIPTION = 10_000;
/** As many characters as a file's name can have (packages/contracts/src/http/uploads.ts). */
export const MAX_FILE_NAME = 255;
/** As many characters as an album's name can have (packages/contracts/src/http/albums.ts). */
export const MAX_ALBUM_NAME = 200;

/** Returns at most `max` code points, so that no emoji is cut in two. */
export function firstCharacters(text: string, max: number): string {
  return text.length <= max ? text : [...text.slice(0, 2 * max)].slice(0, max).join('');
}

/** Returns one line in Unicode form NFC: no control characters, none of text direction, no blanks at the ends. */
export function cleanLine(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Zl}\p{Zp}\t\n\r]+/gu, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .trim();
}

/** Returns text of several lines without other control characters. */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim();
}

const REFERENCES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Returns text with the character references of HTML and XML resolved, once: `&amp;lt;` is `&lt;`. */
export function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi,
    (all, decimal, hex, name) => {
      if (name !== undefined) return REFERENCES[name.toLowerCase()] ?? all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}
