import { type FileHandle, open } from 'node:fs/promises';
import { type ByteSource, readDirectories, TIFF_TAG } from '@lazyphotos/photo-type';
import type { LocalPath } from '../local-path.js';

const PIECE = 64 * 1024;
/** The limit of the search for an end marker. A longer picture counts as complete. */
const MAX_SEARCHED = 256 * 1024 * 1024;
const MAX_SEGMENTS = 1000;
/** A file with this many zeros at its end was allocated before its content was written. */
const UNWRITTEN = 4096;

/**
 * Resolves to whether the end of a picture is missing. Data after its end is allowed. False for formats without an end marker, and in
 * doubt. Reads pieces of 64 KiB. Throws if the file cannot be read.
 */
export const isCutOff = (path: LocalPath): Promise<boolean> => withSource(path, isCutOffSource);

/** Opens a file for reads at any position, and closes it at the end of the task. */
export async function withSource<T>(
  path: LocalPath,
  task: (read: ByteSource, size: number) => Promise<T>,
): Promise<T> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await task(sourceOf(file), size);
  } finally {
    await file.close();
  }
}

const sourceOf =
  (file: FileHandle): ByteSource =>
  async (position, length) => {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  };

async function isCutOffSource(read: ByteSource, size: number): Promise<boolean> {
  const head = await read(0, 16);
  const text = head.toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return !(await hasJpegEnd(read));
  if (text.startsWith('\x89PNG')) return !(await contains(read, 8, PNG_END));
  // The trailer comes after the empty block that ends the last picture.
  if (text.startsWith('GIF8')) return !(await contains(read, Math.max(0, size - 64), Buffer.from([0, 0x3b])));
  if (text.startsWith('RIFF') && head.length >= 8)
    return head.readUInt32LE(4) + 8 > size || (await endsUnwritten(read, size));
  if (text.startsWith('ftyp', 4)) return (await hasCutBox(read, size)) || (await endsUnwritten(read, size));
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return hasCutTiff(read, size);
  if (text.startsWith('FUJIFILMCCD-RAW ')) return hasCutRaf(read, size);
  return false;
}

/** The chunk IEND without its length, 0, and with its checksum. */
const PNG_END = Buffer.from('49454e44ae426082', 'hex');
const JPEG_END = Buffer.from('ffd9', 'hex');
const JPEG_START_OF_SCAN = 0xda;

/**
 * Searches for the marker EOI (ITU-T T.81, B.1.1) after the headers, because a thumbnail in the headers has its own. Coded data never
 * contains these bytes.
 */
async function hasJpegEnd(read: ByteSource): Promise<boolean> {
  let position = 2;
  for (let segment = 0; segment < MAX_SEGMENTS; segment += 1) {
    const header = await read(position, 4);
    if (header.length < 4 || header[0] !== 0xff || header[1] === JPEG_START_OF_SCAN) break;
    // 0xff before a marker is a fill byte.
    position += header[1] === 0xff ? 1 : 2 + header.readUInt16BE(2);
  }
  return contains(read, position, JPEG_END);
}

async function contains(read: ByteSource, from: number, bytes: Buffer): Promise<boolean> {
  for (let position = from; position - from < MAX_SEARCHED; position += PIECE) {
    const piece = await read(position, PIECE + bytes.length - 1);
    if (piece.includes(bytes)) return true;
    if (piece.length < PIECE) return false;
  }
  return true;
}

/** Walks the boxes of a file of the ISO base media format (ISO/IEC 14496-12, 4.2): HEIC, AVIF, CR3. */
async function hasCutBox(read: ByteSource, size: number): Promise<boolean> {
  let isDescribed = false;
  let position = 0;
  for (let box = 0; box < MAX_SEGMENTS && position < size; box += 1) {
    const header = await read(position, 16);
    const type = header.toString('latin1', 4, 8);
    // Some phones add their own data after the boxes.
    if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return !isDescribed;
    isDescribed ||= type === 'meta' || type === 'moov';
    const shortLength = header.readUInt32BE(0);
    if (shortLength === 0) return !isDescribed;
    if (shortLength === 1 && header.length < 16) return true;
    const length = shortLength === 1 ? Number(header.readBigUInt64BE(8)) : shortLength;
    if (length < 8) return !isDescribed;
    position += length;
    if (position > size) return true;
  }
  return !isDescribed;
}

/** The directories contain the offset and length of each picture. Of more than 32 strips, only the first ones count. */
async function hasCutTiff(read: ByteSource, size: number): Promise<boolean> {
  const directories = await readDirectories(read);
  // The first directory may be in the missing end.
  if (directories === undefined) return true;
  return directories.some(({ values }) => {
    const reaches = (offsets: number, lengths: number) =>
      (values.get(offsets) ?? []).some((at, index) => at + (values.get(lengths)?.[index] ?? 0) > size);
    return (
      reaches(TIFF_TAG.stripOffsets, TIFF_TAG.stripByteCounts) ||
      reaches(TIFF_TAG.jpegOffset, TIFF_TAG.jpegLength)
    );
  });
}

/** The header of Fujifilm's RAF contains the offset and length of the preview, of the metadata and of the picture. */
async function hasCutRaf(read: ByteSource, size: number): Promise<boolean> {
  const parts = await read(84, 24);
  if (parts.length < 24) return true;
  return [0, 8, 16].some((at) => parts.readUInt32BE(at) + parts.readUInt32BE(at + 4) > size);
}

async function endsUnwritten(read: ByteSource, size: number): Promise<boolean> {
  if (size < 2 * UNWRITTEN) return false;
  const end = await read(size - UNWRITTEN, UNWRITTEN);
  return end.every((byte) => byte === 0);
}
