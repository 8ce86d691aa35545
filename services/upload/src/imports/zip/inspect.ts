import { storableDate } from '@lazyphotos/contracts';
import type { Entry } from 'yauzl';
import { type ArchiveLimits, DEFLATE_MAX_RATIO } from './limits.js';
import { decodeName, displayPath, isPathTooLong, shortenPath, unsafePathReason } from './names.js';

/** A file of an archive, by its table of contents. These numbers are all that is needed to unpack it. */
export interface ArchivedFile {
  /** Its place in the table of contents, from 0; folders count. */
  number: number;
  /** With `/`; not longer than 1,024 bytes. */
  path: string;
  /** As announced; not more than its packed bytes can become. */
  sizeBytes: number;
  compressedBytes: number;
  headerOffset: number;
  crc32: number;
  method: number;
  modifiedAt: Date | undefined;
  /** Why it must not be unpacked. */
  problem?: EntryProblem | undefined;
}

export interface EntryProblem {
  code: EntryProblemCode;
  message: string;
}

export type EntryProblemCode =
  | 'unsafe_path'
  | 'unsafe_type'
  | 'name_too_long'
  | 'encrypted'
  | 'compression_unsupported'
  | 'size_mismatch'
  | 'entry_bomb'
  | 'entry_damaged';

/** Compression methods (APPNOTE.TXT, 4.4.5). */
export const STORED = 0;
export const DEFLATED = 8;

/** The fixed part of a local header, which precedes each file's bytes together with its name. */
export const LOCAL_HEADER_BYTES = 30;

/** POSIX file types, in the upper half of the external attributes. */
const FILE_TYPE_MASK = 0xf000;
const FOLDER_TYPE = 0x4000;
const UNSAFE_TYPES = new Map([
  [0xa000, 'a symbolic link'],
  [0x1000, 'a named pipe'],
  [0xc000, 'a socket'],
  [0x2000, 'a device'],
  [0x6000, 'a device'],
]);
/** The attribute of MS-DOS for a folder. */
const DOS_FOLDER = 0x10;

const fileTypeOf = (entry: Entry): number => (entry.externalFileAttributes >>> 16) & FILE_TYPE_MASK;

/** Whether the entry is only a folder. One with content is listed as a file, and refused for its path. */
export function isFolder(entry: Entry): boolean {
  if (entry.uncompressedSize !== 0) return false;
  const name = decodeName(entry);
  const isMarked = fileTypeOf(entry) === FOLDER_TYPE || (entry.externalFileAttributes & DOS_FOLDER) !== 0;
  return isMarked || name.endsWith('/') || name.endsWith('\\');
}

/** Returns where the entry's bytes are by the table of contents: the local header may have more extra fields. `end` is exclusive. */
export const extentOf = (entry: Entry): { start: number; end: number } => ({
  start: entry.relativeOffsetOfLocalHeader,
  end: entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize,
});

/** MS-DOS has no time zone; UTC does not depend on the machine. */
function modifiedAtOf(entry: Entry): Date | undefined {
  const date = entry.getLastModDate({ timezone: 'UTC' });
  const dos = entry.getLastModDate({ timezone: 'UTC', forceDosFormat: true });
  const isDosDate = (entry.lastModFileDate & 0x1f) !== 0 && (entry.lastModFileDate & 0x1e0) !== 0;
  if (date.getTime() === dos.getTime() && !isDosDate) return undefined;
  return storableDate(date);
}

/** `dataEnd`: where the files' bytes end and the table of contents begins. */
function problemOf(
  entry: Entry,
  name: string,
  limits: ArchiveLimits,
  dataEnd: number,
): EntryProblem | undefined {
  const { compressedSize, compressionMethod, uncompressedSize } = entry;
  if (!isInside(entry, dataEnd))
    return { code: 'entry_damaged', message: 'The file lies outside of the archive.' };
  const unsafe = unsafePathReason(name);
  if (unsafe) return { code: 'unsafe_path', message: unsafe };
  const type = UNSAFE_TYPES.get(fileTypeOf(entry));
  if (type) return { code: 'unsafe_type', message: `This is ${type}.` };
  if (isPathTooLong(displayPath(name))) return { code: 'name_too_long', message: 'The path is too long.' };
  if (entry.isEncrypted()) return { code: 'encrypted', message: 'The file is encrypted.' };
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    const message = `The file is packed by method ${compressionMethod}, which is not supported.`;
    return { code: 'compression_unsupported', message };
  }
  if (compressionMethod === STORED && compressedSize !== uncompressedSize)
    return { code: 'size_mismatch', message: 'The archive names two sizes for the file.' };
  const isTooTight =
    uncompressedSize > limits.freeBytes && uncompressedSize > compressedSize * limits.maxRatio;
  if (isTooTight || uncompressedSize > maxUnpacked(compressedSize) || uncompressedSize > limits.maxFileBytes)
    return { code: 'entry_bomb', message: 'The file would become far larger when unpacked.' };
  return undefined;
}

/** What deflate can make of that many bytes at most. */
const maxUnpacked = (compressedBytes: number): number => compressedBytes * DEFLATE_MAX_RATIO;

/** False also for numbers that are too large to be exact. */
export function isInside(entry: Entry, dataEnd: number): boolean {
  const numbers = [entry.uncompressedSize, entry.compressedSize, entry.relativeOffsetOfLocalHeader];
  return numbers.every(Number.isSafeInteger) && extentOf(entry).end <= dataEnd;
}

/** Describes an entry that is not a folder. Numbers of one outside of the archive are 0, and a size is never larger than possible. */
export function inspectEntry(
  entry: Entry,
  number: number,
  limits: ArchiveLimits,
  dataEnd: number,
): ArchivedFile {
  const name = decodeName(entry);
  const path = displayPath(name);
  const inside = isInside(entry, dataEnd);
  const compressedBytes = inside ? entry.compressedSize : 0;
  return {
    number,
    path: isPathTooLong(path) ? shortenPath(path) : path,
    sizeBytes: inside ? Math.min(entry.uncompressedSize, maxUnpacked(compressedBytes)) : 0,
    compressedBytes,
    headerOffset: inside ? entry.relativeOffsetOfLocalHeader : 0,
    crc32: entry.crc32,
    method: entry.compressionMethod,
    modifiedAt: modifiedAtOf(entry),
    problem: problemOf(entry, name, limits, dataEnd),
  };
}
