import { isUtf8 } from 'node:buffer';
import { type Entry, getFileNameLowLevel } from 'yauzl';

/** General purpose bit 11: the name is UTF-8 (APPNOTE.TXT, 4.4.4 and appendix D). */
const UTF8_FLAG = 0x800;
const windows1252 = new TextDecoder('windows-1252');
const LATIN_LETTER = /[\p{Script=Latin}&&[\p{Lu}\p{Ll}]]/gv;

const latinLetters = (text: string): number => text.match(LATIN_LETTER)?.length ?? 0;

/**
 * A name that is neither marked as UTF-8 nor valid UTF-8: CP437, as the format says, or Windows-1252 (Latin-1), as some tools write.
 * What is a letter of one is mostly a frame, a Greek letter or a sign of the other, so the one with more Latin letters is taken, and
 * CP437 when both have as many.
 */
function decodeLegacy(raw: Buffer): string {
  const dos = getFileNameLowLevel(0, raw, [], true);
  const windows = windows1252.decode(raw);
  return latinLetters(windows) > latinLetters(dos) ? windows : dos;
}

/** Returns the name with U+FFFD in place of invalid characters: PostgreSQL does not store NUL and lone surrogates. */
export function decodeName({
  generalPurposeBitFlag: flags,
  fileNameRaw: raw,
  extraFields,
}: Pick<Entry, 'generalPurposeBitFlag' | 'fileNameRaw' | 'extraFields'>): string {
  // Info-ZIP's Unicode path (extra field 0x7075) goes first; yauzl checks that it belongs to the name.
  const name = getFileNameLowLevel(flags | UTF8_FLAG, raw, extraFields, true);
  const isDecoded = (flags & UTF8_FLAG) !== 0 || name !== raw.toString('utf8') || isUtf8(raw);
  return isDecoded ? name : decodeLegacy(raw);
}

/** With `/` between folders, and without `.` segments, which some tools write at the front. */
export function displayPath(name: string): string {
  const segments = name.replaceAll('\\', '/').replaceAll('\0', '\uFFFD').split('/');
  return segments.filter((segment) => segment !== '.').join('/');
}

/** Names that Windows gives to devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i;

/** Windows ignores what follows a dot or a colon, and spaces before it. */
const isDevice = (segment: string): boolean => DEVICE.test((segment.split(/[.:]/, 1)[0] ?? '').trimEnd());

/** Returns why a path could lead out of the folder into which the archive would be unpacked; undefined for a harmless one. */
export function unsafePathReason(name: string): string | undefined {
  const path = name.replaceAll('\\', '/');
  const segments = path.split('/');
  if (path.includes('\0')) return 'The path has a NUL.';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'The path is absolute.';
  if (segments.some((segment) => segment.trimEnd() === '..')) return 'The path leads out of the archive.';
  if (segments.some((segment) => segment === '')) return 'The path has a part without a name.';
  if (segments.some(isDevice)) return 'The path has the name of a device.';
  return undefined;
}

/** A folder's path is in an index of PostgreSQL, whose entries end at 2704 bytes. */
const MAX_PATH_BYTES = 1024;
const utf8 = new TextDecoder();

/** Returns how long a path is in the database: it is stored unchanged, and in Unicode form NFC, which may be longer. */
const storedBytes = (path: string): number =>
  Math.max(Buffer.byteLength(path), Buffer.byteLength(path.normalize('NFC')));

export const isPathTooLong = (path: string): boolean => storedBytes(path) > MAX_PATH_BYTES;

/** The beginning of a path that is too long, and `…`. */
export function shortenPath(path: string): string {
  // NFC makes no text more than three times as long (Unicode Standard Annex 15, "Maximum expansion").
  const bytes = Buffer.from(path).subarray(0, Math.floor(MAX_PATH_BYTES / 3) - 3);
  return `${utf8.decode(bytes).replace(/\uFFFD$/u, '')}…`;
}
