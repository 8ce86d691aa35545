import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TIFF_TAG } from '@lazyphotos/photo-type';
import { isMachineFault, MediaError, ProcessorUnavailableError } from '../../errors.js';
import type { Picture } from '../../types.js';
import type { TiffPicture } from './tiff-picture.js';

/** ICC L*a*b*, whose samples libvips does not convert. */
const PHOTOMETRIC_ICC_LAB = 9;
const SAMPLE_FORMATS = { unsigned: 1, signed: 2 };
const TYPE_SHORT = 3;

/**
 * libvips does not open CIE L*a*b* of 8 bits. A copy of the file describes the picture twice in another way: page 0 has all samples
 * unsigned, which is correct for L*, and page 1 has all of them signed, which is correct for a* and b*. So each can be scaled.
 */
export async function openCielab8(
  picture: TiffPicture,
  { path, scratchDir }: { path: string; scratchDir: string },
): Promise<Pick<Picture, 'input' | 'release'>> {
  const copy = join(scratchDir, `${randomUUID()}.tif`);
  const release = () => rm(copy, { force: true }).catch(() => undefined);
  try {
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    const file = await open(copy, 'r+');
    try {
      await describeTwice(file, picture);
    } finally {
      await file.close();
    }
    return { input: copy, release };
  } catch (cause) {
    await release();
    if (!isMachineFault(cause)) throw cause;
    throw new ProcessorUnavailableError('The scratch folder cannot be used', { cause });
  }
}

/** Appends the two directories to a file, and makes them its only ones. */
async function describeTwice(file: FileHandle, { position, samples }: TiffPicture): Promise<void> {
  const header = await readAt(file, 0, 8);
  const layout = layoutOf(header);
  const { countBytes, entryBytes, wordBytes, put, get } = layout;
  const count = get(await readAt(file, position, countBytes), 0, countBytes);
  const entries = await readAt(file, position + countBytes, count * entryBytes);
  const { size } = await file.stat();

  /** Returns a directory for the offset `at`, followed by the next one. Its last value follows the directory. */
  const directory = (at: number, format: number, isLast: boolean): Buffer => {
    const formats = Buffer.alloc(2 * samples);
    for (let sample = 0; sample < samples; sample += 1) put(formats, format, 2 * sample, 2);
    const kept = Array.from({ length: count }, (_, index) =>
      entries.subarray(index * entryBytes, (index + 1) * entryBytes),
    ).filter((entry) => ![TIFF_TAG.photometric, TIFF_TAG.sampleFormat].includes(get(entry, 0, 2) as never));
    const length = countBytes + (kept.length + 2) * entryBytes + wordBytes;
    const entryOf = (tag: number, values: Buffer): Buffer => {
      const entry = Buffer.alloc(entryBytes);
      put(entry, tag, 0, 2);
      put(entry, TYPE_SHORT, 2, 2);
      put(entry, values.length / 2, 4, wordBytes);
      if (values.length <= wordBytes) values.copy(entry, 4 + wordBytes);
      else put(entry, at + length, 4 + wordBytes, wordBytes);
      return entry;
    };
    const photometric = Buffer.alloc(2);
    put(photometric, PHOTOMETRIC_ICC_LAB, 0, 2);
    const written = [
      ...kept,
      entryOf(TIFF_TAG.photometric, photometric),
      entryOf(TIFF_TAG.sampleFormat, formats),
    ].sort((a, b) => get(a, 0, 2) - get(b, 0, 2));
    const head = Buffer.alloc(countBytes);
    put(head, written.length, 0, countBytes);
    const next = Buffer.alloc(wordBytes);
    if (!isLast) put(next, at + length + formats.length, 0, wordBytes);
    return Buffer.concat([head, ...written, next, formats]);
  };

  // Directories begin on a word boundary.
  const at = size + (size % 2);
  const unsigned = directory(at, SAMPLE_FORMATS.unsigned, false);
  const signed = directory(at + unsigned.length, SAMPLE_FORMATS.signed, true);
  const both = Buffer.concat([unsigned, signed]);
  await file.write(both, 0, both.length, at);
  const first = Buffer.alloc(wordBytes);
  put(first, at, 0, wordBytes);
  await file.write(first, 0, wordBytes, wordBytes);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new MediaError('undecodable', 'The TIFF file is damaged');
  return buffer;
}

/** In the headers of BigTIFF and TIFF the offset of the first directory is at the position that equals the size of an offset. */
function layoutOf(header: Buffer) {
  const littleEndian = header.toString('latin1', 0, 2) === 'II';
  const get = (bytes: Buffer, at: number, length: number): number => {
    if (length === 8) return Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return littleEndian ? bytes.readUIntLE(at, length) : bytes.readUIntBE(at, length);
  };
  const put = (bytes: Buffer, value: number, at: number, length: number): void => {
    if (length === 8 && littleEndian) bytes.writeBigUInt64LE(BigInt(value), at);
    else if (length === 8) bytes.writeBigUInt64BE(BigInt(value), at);
    else if (littleEndian) bytes.writeUIntLE(value, at, length);
    else bytes.writeUIntBE(value, at, length);
  };
  const isBig = get(header, 2, 2) === 43;
  return isBig
    ? { countBytes: 8, entryBytes: 20, wordBytes: 8, get, put }
    : { countBytes: 2, entryBytes: 12, wordBytes: 4, get, put };
}
