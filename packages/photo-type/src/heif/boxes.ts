import type { ByteSource } from '../bytes.js';

/** A box of the ISO base media file format (ISO/IEC 14496-12, 4.2): where its payload stands in the file. */
export interface Box {
  type: string;
  start: number;
  end: number;
}

/** No photo comes near it; a hostile file could consist of millions of empty boxes. */
const MAX_BOXES = 64;
/** The lists of items are far shorter, also of a photo of thousands of tiles. */
const MAX_PAYLOAD_BYTES = 256 * 1024;

/** The boxes from `start` to `end` of a file, in their order. Ends at the first one that is broken. */
export async function* boxes(read: ByteSource, start: number, end: number): AsyncGenerator<Box> {
  let position = start;
  for (let count = 0; count < MAX_BOXES && position + 8 <= end; count += 1) {
    const header = await read(position, 16);
    if (header.length < 8) return;
    const declared = header.readUInt32BE(0);
    const isLong = declared === 1;
    if (isLong && header.length < 16) return;
    const headerBytes = isLong ? 16 : 8;
    // A size of 0 means: to the end of the file.
    const size = isLong ? Number(header.readBigUInt64BE(8)) : declared || end - position;
    if (size < headerBytes || !Number.isSafeInteger(position + size)) return;
    yield {
      type: header.toString('latin1', 4, 8),
      start: position + headerBytes,
      end: Math.min(position + size, end),
    };
    position += size;
  }
}

/** What is in a box, or undefined when it is cut off or of an absurd size. */
export async function payload(read: ByteSource, { start, end }: Box): Promise<Buffer | undefined> {
  if (end - start > MAX_PAYLOAD_BYTES) return undefined;
  const bytes = await read(start, end - start);
  return bytes.length === end - start ? bytes : undefined;
}
