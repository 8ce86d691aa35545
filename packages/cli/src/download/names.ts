import { extname } from 'node:path';

/** Bytes. File systems allow 255, of which the longest suffix (a hash) and `.part` need 70. */
const MAX_BYTES = 180;
/** Names that Windows keeps for devices, whatever their extension. */
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Bidi_Control}<>:"/\\|?*]/gu;

function shortened(name: string): string {
  const extension = extname(name);
  const tail = Buffer.byteLength(extension) <= 20 ? extension : '';
  let stem = name.slice(0, name.length - tail.length);
  while (Buffer.byteLength(stem) + Buffer.byteLength(tail) > MAX_BYTES)
    stem = [...stem].slice(0, -1).join('');
  return stem + tail;
}

/**
 * A file name made of what somebody called a photo: one path segment that every common file system takes, neither hidden nor
 * a device, and never the name of a part file.
 */
export function safeFileName(name: string, fallback: string): string {
  const plain = name
    .normalize('NFC')
    .replace(FORBIDDEN, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '')
    .replace(/\.part$/i, '_part');
  const short = shortened(plain);
  if (short === '') return fallback;
  return DEVICE_NAME.test(short) ? `_${short}` : short;
}

function withSuffix(name: string, suffix: string): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}-${suffix}${extension}`;
}

/** The names that an original may have, best first. The later ones name the content, so they are the same in every run. */
export function originalNames(photo: { id: string; fileName: string; hash: string }): string[] {
  const name = safeFileName(photo.fileName, photo.id);
  return [name, withSuffix(name, photo.hash.slice(0, 8)), withSuffix(name, photo.hash)];
}

/** The name of a preview without its extension, which only its bytes tell. No two photos share it. */
export function previewStem(photo: { id: string; fileName: string }, size: string): string {
  const name = safeFileName(photo.fileName, photo.id);
  return `${name.slice(0, name.length - extname(name).length)}-${photo.id}.${size}`;
}

/**
 * How names are compared: some file systems ignore case and composition. To upper case first, which is nearer to their folding:
 * `ß` is `SS`, and `ſ` is `S`.
 */
export const nameKey = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase();
