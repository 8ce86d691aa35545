import { parse } from 'node:path';
import type { ShareContent, SharedPhoto } from '@lazyphotos/contracts';
import type { ShareMedia } from '@lazyphotos/service-kit';
import filenamify from 'filenamify';
import { safeName } from '../media/serve-object.js';

export interface SharedOriginal {
  photo: SharedPhoto;
  media: ShareMedia;
}

/**
 * Yields every photo of a link with the media that its original's URL names, page after page. Such URLs do not last as long as a
 * slow download: once one has expired, its page is read again, so that a link that was revoked ends the download as well.
 * `readPage` rejects when the link has ended.
 */
export async function* sharedOriginals(
  first: ShareContent,
  readPage: (cursor: string | undefined) => Promise<ShareContent>,
  open: (url: string) => ShareMedia | undefined,
): AsyncGenerator<SharedOriginal> {
  let cursor: string | undefined;
  let page = first;
  const yielded = new Set<string>();
  for (;;) {
    let isFresh = true;
    let hasExpired = false;
    for (const photo of page.photos) {
      if (yielded.has(photo.id) || photo.originalUrl === undefined) continue;
      const media = open(photo.originalUrl);
      if (!media) {
        if (isFresh && page !== first) throw new Error('a new URL of a share link cannot be opened');
        hasExpired = true;
        break;
      }
      isFresh = false;
      yielded.add(photo.id);
      yield { photo, media };
    }
    if (!hasExpired) {
      if (!page.hasMore || page.cursor === null) return;
      cursor = page.cursor;
      yielded.clear();
    }
    page = await readPage(cursor);
  }
}

/** ZIP can store the years 1980 to 2107 (APPNOTE.TXT 4.4.6: the MS-DOS format). */
const FIRST_YEAR = 1980;
const LAST_YEAR = 2107;

/**
 * Returns the date of an entry: the local time where the photo was taken, as programs show it, since a ZIP has no time zones. The
 * Date holds it as this process's local time. A photo without a known zone has it in UTC, one without a date that of its upload.
 */
export function entryTime(
  { capturedAt, capturedAtOffset = 0 }: Pick<SharedPhoto, 'capturedAt' | 'capturedAtOffset'>,
  uploadedAt: Date,
): Date {
  const instant = capturedAt === undefined ? uploadedAt.getTime() : Date.parse(capturedAt);
  const there = new Date(instant + capturedAtOffset * 60_000);
  const year = there.getUTCFullYear();
  if (year < FIRST_YEAR) return new Date(FIRST_YEAR, 0, 1);
  if (year > LAST_YEAR) return new Date(LAST_YEAR, 11, 31, 23, 59, 58);
  return new Date(
    year,
    there.getUTCMonth(),
    there.getUTCDate(),
    there.getUTCHours(),
    there.getUTCMinutes(),
    there.getUTCSeconds(),
  );
}

/** Returns a name for each file that differs from all before, with a number if needed: `a.jpg`, `a (2).jpg`. */
export function createEntryNames(): (fileName: string) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  // Names that differ only in case are the same file on Windows and macOS.
  const keyOf = (name: string) => name.toUpperCase();
  return (fileName) => {
    const wanted = storableName(fileName);
    const { name, ext } = parse(wanted);
    let unique = wanted;
    let count = counts.get(keyOf(wanted)) ?? 1;
    while (taken.has(keyOf(unique))) {
      count += 1;
      unique = `${name} (${count})${ext}`;
    }
    counts.set(keyOf(wanted), count);
    taken.add(keyOf(unique));
    return unique;
  };
}

/** File systems take 255 bytes; a number that makes a name unique needs some of them. */
const MAX_BYTES = 230;

/** Returns a name that Windows, macOS and Linux can store: no path, no reserved character or device, not hidden, not too long. */
function storableName(fileName: string): string {
  const name = safeName(fileName).normalize('NFC').replace(/^\.+/, '');
  const shorten = (maxLength: number) => filenamify(name, { replacement: '_', maxLength });
  let result = shorten(200);
  for (let length = 190; Buffer.byteLength(result) > MAX_BYTES && length > 0; length -= 10)
    result = shorten(length);
  return name === '' || Buffer.byteLength(result) > MAX_BYTES ? 'photo' : result;
}
