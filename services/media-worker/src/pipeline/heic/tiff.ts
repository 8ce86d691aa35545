import type { Pixels } from './protocol.js';

const headerBytes = 8;
const entryBytes = 12;

const type = { short: 3, long: 4, undefined: 7 } as const;

/** Tag numbers of TIFF 6.0, section 8, and of the ICC specification, annex B.4. */
const tag = {
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

/** Writes a TIFF header into the room left in front of the pixels, so that they are not copied once more. */
export function wrapAsTiff(pixels: Pixels, icc?: Uint8Array): Buffer {
  const { buffer, pixelOffset, width, height, channels, bitsPerSample } = pixels;
  const bytes = Buffer.from(buffer);
  const bitsOffset = headerBytes + 2 + 11 * entryBytes + 4;
  const iccOffset = bitsOffset + 2 * channels;
  const profile = icc && iccOffset + icc.length <= pixelOffset ? icc : undefined;
  const entries: Entry[] = [
    [tag.width, type.long, 1, width],
    [tag.height, type.long, 1, height],
    [tag.bitsPerSample, type.short, channels, bitsOffset],
    [tag.compression, type.short, 1, 1],
    [tag.photometric, type.short, 1, 2],
    [tag.stripOffsets, type.long, 1, pixelOffset],
    [tag.samplesPerPixel, type.short, 1, channels],
    [tag.rowsPerStrip, type.long, 1, height],
    [tag.stripByteCounts, type.long, 1, (width * height * channels * bitsPerSample) / 8],
    ...(channels === 4 ? ([[tag.extraSamples, type.short, 1, 2]] satisfies Entry[]) : []),
    ...(profile ? ([[tag.iccProfile, type.undefined, profile.length, iccOffset]] satisfies Entry[]) : []),
  ];
  bytes.write('II*\0', 'latin1');
  bytes.writeUInt32LE(headerBytes, 4);
  bytes.writeUInt16LE(entries.length, headerBytes);
  for (const [index, entry] of entries.entries())
    writeEntry(bytes, headerBytes + 2 + index * entryBytes, entry);
  for (let channel = 0; channel < channels; channel++) {
    bytes.writeUInt16LE(bitsPerSample, bitsOffset + 2 * channel);
  }
  if (profile) bytes.set(profile, iccOffset);
  return bytes;
}

/** A value shorter than its four bytes stands in the first of them, which little-endian order gives for free. */
function writeEntry(bytes: Buffer, at: number, [number, kind, count, value]: Entry): void {
  bytes.writeUInt16LE(number, at);
  bytes.writeUInt16LE(kind, at + 2);
  bytes.writeUInt32LE(count, at + 4);
  bytes.writeUInt32LE(value, at + 8);
}
