import type { Detector } from 'file-type';
import { type ByteSource, bytesOf } from './bytes.js';

/**
 * TIFF and the camera RAW formats that are based on it. The content proves only two of them: DNG by its version tag, CR2 by its mark.
 * All others are `image/tiff`.
 */
export const tiffDetector: Detector = {
  id: 'tiff',
  async detect(tokenizer) {
    const read = bytesOf(tokenizer);
    const [first] = (await readDirectories(read, { maxDirectories: 1, tags: [TIFF_TAG.dngVersion] })) ?? [];
    if (first === undefined) return undefined;
    if (first.values.has(TIFF_TAG.dngVersion)) return { ext: 'dng', mime: 'image/x-adobe-dng' };
    const mark = (await read(8, 4)).toString('latin1');
    return mark === 'CR\x02\0'
      ? { ext: 'cr2', mime: 'image/x-canon-cr2' }
      : { ext: 'tif', mime: 'image/tiff' };
  },
};

/** The tags that are read, of TIFF 6.0, TIFF/EP, Adobe's supplements and DNG. */
export const TIFF_TAG = {
  newSubfileType: 254,
  subfileType: 255,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  planarConfiguration: 284,
  tileWidth: 322,
  subIfds: 330,
  sampleFormat: 339,
  jpegTables: 347,
  jpegOffset: 513,
  jpegLength: 514,
  dngVersion: 50706,
} as const;

/** An image file directory: the description of one picture of a TIFF. */
export interface TiffDirectory {
  /** Position in the chain of directories, from 0. */
  page: number;
  /** Position among the SubIFDs of that page, from 0; absent for the page itself. */
  subIfd?: number;
  /** Whether it is a SubIFD of a SubIFD, which page and number do not identify. */
  isNested: boolean;
  /** Its offset in the file. */
  position: number;
  /** Whole numbers by tag. Longer lists than a picture needs are cut. */
  values: ReadonlyMap<number, readonly number[]>;
}

export interface ReadOptions {
  /** The number of directories to read, including SubIFDs. Default 512; further ones are pages of a document. */
  maxDirectories?: number;
  /** The tags of `TIFF_TAG` to read. Default all; SubIFDs are read if their tag is. */
  tags?: readonly number[];
}

interface Layout {
  littleEndian: boolean;
  /** BigTIFF: numbers and offsets of 64 bits. */
  big: boolean;
}

const MAX_ENTRIES = 1024;
/** SubIFDs are the longest list of interest. */
const MAX_VALUES = 256;

/** Bytes of the types that hold whole numbers: BYTE, SHORT, LONG, UNDEFINED, IFD, LONG8, IFD8. */
const TYPE_BYTES: Record<number, 1 | 2 | 4 | 8> = { 1: 1, 3: 2, 4: 4, 7: 1, 13: 4, 16: 8, 18: 8 };

/**
 * Returns the directories of a TIFF (TIFF 6.0, section 2; BigTIFF), each page followed by its SubIFDs. No pixels and no long lists are
 * read. Undefined if the file is not a TIFF, or if its first directory cannot be read. Reading ends where the file is damaged.
 */
export async function readDirectories(
  read: ByteSource,
  { maxDirectories = 512, tags = Object.values(TIFF_TAG) }: ReadOptions = {},
): Promise<TiffDirectory[] | undefined> {
  const header = await read(0, 16);
  const layout = layoutOf(header);
  if (layout === undefined) return undefined;
  const reader = createReader(read, layout, new Set(tags));
  const directories: TiffDirectory[] = [];
  // A hostile file may refer to one directory many times; each is read once.
  const seen = new Set<number>();
  const visit = async (place: Omit<TiffDirectory, 'values'>): Promise<number> => {
    const { position, page } = place;
    if (position === 0 || seen.has(position) || seen.size >= maxDirectories) return 0;
    seen.add(position);
    const directory = await reader.directory(position);
    if (directory === undefined) return 0;
    directories.push({ ...place, values: directory.values });
    for (const [subIfd, at] of (directory.values.get(TIFF_TAG.subIfds) ?? []).entries()) {
      await visit({ page, subIfd, position: at, isNested: place.subIfd !== undefined });
    }
    return directory.next;
  };
  let position = layout.big ? reader.number(header, 8, 8) : reader.number(header, 4, 4);
  for (let page = 0; position > 0; page += 1) position = await visit({ page, position, isNested: false });
  return directories.length > 0 ? directories : undefined;
}

function layoutOf(header: Buffer): Layout | undefined {
  const order = header.toString('latin1', 0, 2);
  if (header.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const littleEndian = order === 'II';
  const version = littleEndian ? header.readUInt16LE(2) : header.readUInt16BE(2);
  if (version === 42) return { littleEndian, big: false };
  return version === 43 && header.length === 16 ? { littleEndian, big: true } : undefined;
}

function createReader(read: ByteSource, { littleEndian, big }: Layout, wanted: ReadonlySet<number>) {
  const [countBytes, entryBytes, wordBytes] = big ? ([8, 20, 8] as const) : ([2, 12, 4] as const);

  const number = (bytes: Buffer, at: number, size: 1 | 2 | 4 | 8): number => {
    if (size === 8) return Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return littleEndian ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  };

  const valuesOf = async (entry: Buffer): Promise<number[] | undefined> => {
    const size = TYPE_BYTES[number(entry, 2, 2)];
    if (size === undefined) return undefined;
    const count = Math.min(number(entry, 4, wordBytes), MAX_VALUES);
    const field = entry.subarray(4 + wordBytes);
    const isInline = count * size <= wordBytes;
    const bytes = isInline ? field : await readAt(number(field, 0, wordBytes), count * size);
    if (bytes === undefined) return undefined;
    return Array.from({ length: count }, (_, index) => number(bytes, index * size, size));
  };

  const readAt = async (position: number, length: number): Promise<Buffer | undefined> => {
    if (!Number.isSafeInteger(position + length)) return undefined;
    const bytes = await read(position, length);
    return bytes.length === length ? bytes : undefined;
  };

  return {
    number,
    /** The values of a directory, and the position of the next one of the chain (0 if there is none). */
    async directory(offset: number): Promise<{ values: Map<number, number[]>; next: number } | undefined> {
      const head = await readAt(offset, countBytes);
      const count = head === undefined ? 0 : number(head, 0, countBytes);
      if (count === 0 || count > MAX_ENTRIES) return undefined;
      const entries = await readAt(offset + countBytes, count * entryBytes);
      if (entries === undefined) return undefined;
      const values = new Map<number, number[]>();
      // Of entries with the same tag the first one counts, also if its values cannot be read.
      const done = new Set<number>();
      for (let at = 0; at < entries.length; at += entryBytes) {
        const entry = entries.subarray(at, at + entryBytes);
        const tag = number(entry, 0, 2);
        if (!wanted.has(tag) || done.has(tag)) continue;
        done.add(tag);
        const value = await valuesOf(entry);
        if (value) values.set(tag, value);
      }
      const next = await readAt(offset + countBytes + entries.length, wordBytes);
      return { values, next: next === undefined ? 0 : number(next, 0, wordBytes) };
    },
  };
}
