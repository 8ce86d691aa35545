import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, parse, resolve, sep } from 'node:path';
import { UsageError } from './errors.js';

/**
 * A path on this computer, as `node:fs` accepts it: text if it is UTF-8, otherwise bytes, because decoding would lose them. Old Linux and
 * NAS folders have such names, and phone copies with broken emoji.
 */
export type LocalPath = string | Buffer;

/** Returns the path of an entry with this name in the file system. */
export function joinPath(folder: LocalPath, name: Buffer): LocalPath {
  const separator = endsWithSeparator(folder) ? '' : sep;
  if (typeof folder === 'string' && isUtf8(name)) return folder + separator + name.toString();
  return Buffer.concat([bytesOf(folder), Buffer.from(separator), name]);
}

const bytesOf = (path: LocalPath): Buffer => (typeof path === 'string' ? Buffer.from(path) : path);

const endsWithSeparator = (path: LocalPath): boolean =>
  typeof path === 'string' ? path.endsWith(sep) : path.at(-1) === sep.charCodeAt(0);

export const localPathOf = (bytes: Buffer): LocalPath => (isUtf8(bytes) ? bytes.toString() : bytes);

/** Returns a unique key. Absolute paths begin with a slash or a drive, so they never equal the key of bytes. */
export const pathKey = (path: LocalPath): string =>
  typeof path === 'string' ? path : `bytes:${path.toString('hex')}`;

/** Returns the path for people: exact if it is UTF-8, otherwise the closest text. Several paths may have the same text. */
export const readablePath = (path: LocalPath): string =>
  typeof path === 'string' ? path : readableText(path);

export const readableName = (path: LocalPath): string => basename(readablePath(path));

/**
 * Byte sequences, one character per byte: well-formed UTF-8 (Unicode 17, table 3-7), two surrogates as in CESU-8, a lone surrogate, and any
 * other byte beyond ASCII.
 */
const SEQUENCES =
  /((?:[\xc2-\xdf]|\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f]|\xf0[\x90-\xbf][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf]{2}|\xf4[\x80-\x8f][\x80-\xbf])[\x80-\xbf])|(\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])|(\xed[\xa0-\xbf][\x80-\xbf])|([\x80-\xff])/g;

/**
 * Returns text for bytes that are not UTF-8: valid sequences stay, surrogate pairs become their character, lone surrogates become U+FFFD,
 * and other bytes are read as Windows-1252, a superset of Latin-1 that most such names use.
 */
export function readableText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  const windows1252 = new TextDecoder('windows-1252');
  return bytes.toString('latin1').replace(SEQUENCES, (match, utf8, pair, surrogate) => {
    if (utf8 !== undefined) return Buffer.from(match, 'latin1').toString();
    if (pair !== undefined) return surrogateOf(match.slice(0, 3)) + surrogateOf(match.slice(3));
    return surrogate === undefined ? windows1252.decode(Buffer.from(match, 'latin1')) : '\ufffd';
  });
}

/** Returns the code unit in three bytes of the UTF-8 pattern. */
function surrogateOf(bytes: string): string {
  const [lead = 0, second = 0, third = 0] = Buffer.from(bytes, 'latin1');
  return String.fromCharCode(((lead & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f));
}

/**
 * Finds the file of an absolute path that lost bytes: Node (or npx) decodes the command line and the current folder, and replaces each
 * byte that is not UTF-8 by U+FFFD. Resolves to undefined if no name or several names fit.
 */
export async function findDecodedPath(path: string): Promise<LocalPath | undefined> {
  const { root } = parse(path);
  let found: LocalPath = root;
  for (const name of path.slice(root.length).split(sep)) {
    if (name === '') continue;
    const exact = joinPath(found, Buffer.from(name));
    if (await exists(exact)) {
      found = exact;
      continue;
    }
    const names = await readdir(found, { encoding: 'buffer' }).catch(() => []);
    const [match, ...others] = names.filter((candidate) => candidate.toString() === name);
    if (match === undefined || others.length > 0) return undefined;
    found = joinPath(found, match);
  }
  return found;
}

const exists = (path: LocalPath): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

interface GivenPath {
  path: LocalPath;
  stats: Stats;
}

async function find(given: string, noun: string): Promise<GivenPath> {
  const absolute = resolve(given);
  const path = absolute.includes('\ufffd') ? await findDecodedPath(absolute) : absolute;
  const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path !== undefined && stats !== undefined) return { path, stats };
  if (absolute.includes('\ufffd'))
    throw new UsageError(
      `${given} is not UTF-8, and no ${noun} or several may be meant; try the parent folder`,
    );
  throw new UsageError(`there is no ${noun} ${given}`);
}

/** @throws UsageError */
export const pathOrThrow = (given: string): Promise<GivenPath> => find(given, 'file or folder');

/** @throws UsageError */
export async function folderOrThrow(given: string): Promise<LocalPath> {
  const { path, stats } = await find(given, 'folder');
  if (stats.isDirectory()) return path;
  throw new UsageError(`there is no folder ${given}`);
}
