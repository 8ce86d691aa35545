import type { Pixels } from './heic-decoder.js';

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

const TYPE = { short: 3, long: 4, undefined: 7 } as const;

/** Tag numbers of TIFF 6.0, section 8, and of the ICC specification, annex B.4. */
const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  extraSamples: 338,
  iccProfile: 34675,
} as const;

type Entry = [tag: number, type: number, count: number, value: number];

/** Writes a TIFF header into the free bytes in front of the pixels, so that the pixels are not copied. */
export function wrapAsTiff(pixels: Pixels, icc?: Uint8Array): Buffer {
  const { buffer, pixelOffset, width, height, channels, bitsPerSample } = pixels;
  const bytes = Buffer.from(buffer);
  const bitsOffset = HEADER_BYTES + 2 + 11 * ENTRY_BYTES + 4;
  const iccOffset = bitsOffset + 2 * channels;
  const profile = icc && iccOffset + icc.length <= pixelOffset ? icc : undefined;
  const entries: Entry[] = [
    [TAG.width, TYPE.long, 1, width],
    [TAG.height, TYPE.long, 1, height],
    [TAG.bitsPerSample, TYPE.short, channels, bitsOffset],
    [TAG.compression, TYPE.short, 1, 1],
    [TAG.photometric, TYPE.short, 1, 2],
    [TAG.stripOffsets, TYPE.long, 1, pixelOffset],
    [TAG.samplesPerPixel, TYPE.short, 1, channels],
    [TAG.rowsPerStrip, TYPE.long, 1, height],
    [TAG.stripByteCounts, TYPE.long, 1, (width * height * channels * bitsPerSample) / 8],
    ...(channels === 4 ? ([[TAG.extraSamples, TYPE.short, 1, 2]] satisfies Entry[]) : []),
    ...(profile ? ([[TAG.iccProfile, TYPE.undefined, profile.length, iccOffset]] satisfies Entry[]) : []),
  ];
  bytes.write('II*\0', 'latin1');
  bytes.writeUInt32LE(HEADER_BYTES, 4);
  bytes.writeUInt16LE(entries.length, HEADER_BYTES);
  for (const [index, entry] of entries.entries())
    writeEntry(bytes, HEADER_BYTES + 2 + index * ENTRY_BYTES, entry);
  for (let channel = 0; channel < channels; channel++) {
    bytes.writeUInt16LE(bitsPerSample, bitsOffset + 2 * channel);
  }
  if (profile) bytes.set(profile, iccOffset);
  return bytes;
}

/** A value of fewer than four bytes is in the first ones, in little-endian order. */
function writeEntry(bytes: Buffer, at: number, [number, kind, count, value]: Entry): void {
  bytes.writeUInt16LE(number, at);
  bytes.writeUInt16LE(kind, at + 2);
  bytes.writeUInt32LE(count, at + 4);
  bytes.writeUInt32LE(value, at + 8);
}
