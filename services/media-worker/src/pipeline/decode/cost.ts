import { createReadStream } from 'node:fs';
import type { Header } from '../types.js';

const MEBIBYTE = 1024 * 1024;
/** What a decoder may take in this process. A progressive JPEG of 22 megapixels with the usual 4:2:0 takes that much. */
const LIGHT_BYTES = 64 * MEBIBYTE;
/** A larger file may hold so many metadata that even its header fills the memory. */
const LIGHT_FILE_BYTES = 64 * MEBIBYTE;
/** Programs write about ten. Each goes over all pixels, and libjpeg cannot be stopped between two of them. */
const LIGHT_SCANS = 32;
/** Rows that a decoder and the steps that follow it keep. They matter in a picture of a few very long rows. */
const KEPT_ROWS = 64;
const WIDE_DEPTHS: Readonly<Record<string, number>> = {
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  float: 4,
  complex: 8,
  double: 8,
};

export const isLargeFile = (bytes: number): boolean => bytes > LIGHT_FILE_BYTES;

/** Whether a picture is decoded in little memory, and in a time that depends on its pixels alone. */
export async function isLight(path: string, header: Header, maxMemoryBytes: number): Promise<boolean> {
  if (decodeBytes(header) > Math.min(LIGHT_BYTES, maxMemoryBytes)) return false;
  return header.format !== 'jpeg' || !header.isProgressive || !(await hasManyScans(path));
}

/** Returns about the most memory that the decoder of a format takes for a picture. TIFF depends on more than its size; this is its worst case. */
export function decodeBytes(header: Header): number {
  const { format, width, height, channels, depth, isProgressive, chromaSubsampling = '' } = header;
  const bytesPerSample = WIDE_DEPTHS[depth] ?? 1;
  const rowBytes = width * channels * bytesPerSample;
  const wholeBytes = rowBytes * height;
  switch (format) {
    case 'jpeg': {
      if (!isProgressive) return rowBytes * KEPT_ROWS;
      // All coefficients, of 16 bits each. Half of them are those of colour, of which 4:2:0 has a quarter.
      const coefficients = chromaSubsampling.startsWith('4:2:0') ? wholeBytes / 2 : wholeBytes;
      return 2 * coefficients + rowBytes * KEPT_ROWS;
    }
    case 'png':
      return isProgressive ? wholeBytes : rowBytes * KEPT_ROWS;
    case 'webp':
      return 4 * width * height;
    case 'gif':
      // The screen, and what it was before the frame.
      return 8 * width * height;
    case 'heif':
      // Up to three planes, and the RGB pixels.
      return 6 * bytesPerSample * width * height;
    default:
      return wholeBytes;
  }
}

/** Start of scan. In the data of a picture the first byte is always followed by another one (ITU-T T.81, B.1.1.5). */
const START_OF_SCAN = Buffer.from([0xff, 0xda]);

/** May count bytes of other data, such as a video behind the picture, as well. */
async function hasManyScans(path: string): Promise<boolean> {
  let scans = 0;
  let last: number | undefined;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (last === START_OF_SCAN[0] && chunk[0] === START_OF_SCAN[1]) scans += 1;
    for (let at = chunk.indexOf(START_OF_SCAN); at !== -1; at = chunk.indexOf(START_OF_SCAN, at + 2)) {
      scans += 1;
      if (scans > LIGHT_SCANS) return true;
    }
    last = chunk.at(-1);
  }
  return scans > LIGHT_SCANS;
}
