import { parse } from 'node:path';
import filenamify from 'filenamify';
import { safeName } from '../media/disposition.js';

/** File systems take 255 bytes; a number that makes a name unique needs some of them. */
const MAX_BYTES = 230;

const shorter = (name: string, maxLength: number): string =>
  filenamify(name, { replacement: '_', maxLength });

/** A name that Windows, macOS and Linux can store: no path, no reserved character or device, not hidden, not too long. */
function storable(fileName: string): string {
  const name = safeName(fileName).normalize('NFC').replace(/^\.+/, '');
  let result = shorter(name, 200);
  for (let length = 190; Buffer.byteLength(result) > MAX_BYTES && length > 0; length -= 10)
    result = shorter(name, length);
  return name === '' || Buffer.byteLength(result) > MAX_BYTES ? 'photo' : result;
}

/** Names that differ in case only are the same file on Windows and macOS. */
const keyOf = (name: string): string => name.toUpperCase();

/** Returns a name for each file that differs from all before, by a number where need be: `a.jpg`, `a (2).jpg`. */
export function createEntryNames(): (fileName: string) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (fileName) => {
    const wanted = storable(fileName);
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
