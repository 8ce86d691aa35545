import type { ByteSource } from '../bytes.js';
import { type Box, boxes, payload } from './boxes.js';

/** What a `meta` box says of the items of a file (ISO/IEC 14496-12, 8.11). */
interface Items {
  primary?: number;
  /** Item types by item: `hvc1`, `av01`, `grid`, `Exif`, ... */
  types: Map<number, string>;
  /** The first of the items that an item is made of: of the tiles of a grid, of the layers of an overlay. */
  parts: Map<number, number>;
}

const FULL_BOX_BYTES = 4;
/** A tone-mapped grid of tiles has three levels. */
const MAX_DEPTH = 8;

/**
 * The codec (`hvc1`, `av01`, ...) of the primary item, which is the picture that the file is about. Undefined when the `meta` box
 * does not tell.
 */
export async function primaryCodec(read: ByteSource, meta: Box): Promise<string | undefined> {
  const items = await readItems(read, meta);
  return items.primary === undefined ? undefined : codecOf(items, items.primary);
}

/** Derived pictures (ISO/IEC 23008-12, 6.6) have no codec but that of the pictures that they refer to. */
function codecOf({ types, parts }: Items, primary: number): string | undefined {
  let item = primary;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const part = parts.get(item);
    if (part === undefined) return types.get(item);
    item = part;
  }
  return undefined;
}

async function readItems(read: ByteSource, meta: Box): Promise<Items> {
  const items: Items = { types: new Map(), parts: new Map() };
  for await (const box of boxes(read, meta.start + FULL_BOX_BYTES, meta.end)) {
    const readBox = { pitm: readPrimary, iinf: readTypes, iref: readParts }[box.type];
    const bytes = readBox && (await payload(read, box));
    if (!bytes) continue;
    try {
      readBox(bytes, items);
    } catch (error) {
      // Cut off in the middle of a field: what has been read so far has to do.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return items;
}

function readPrimary(bytes: Buffer, items: Items): void {
  items.primary = bytes.readUInt8(0) === 0 ? bytes.readUInt16BE(4) : bytes.readUInt32BE(4);
}

function readTypes(bytes: Buffer, { types }: Items): void {
  let position = bytes.readUInt8(0) === 0 ? 6 : 8;
  while (position < bytes.length) {
    const size = bytes.readUInt32BE(position);
    const version = bytes.readUInt8(position + 8);
    // Version 2 has 16 bits for the item, version 3 has 32; older ones know no item types.
    const typeAt = position + (version === 2 ? 16 : 18);
    if (version >= 2) {
      const item = version === 2 ? bytes.readUInt16BE(position + 12) : bytes.readUInt32BE(position + 12);
      types.set(item, bytes.toString('latin1', typeAt, typeAt + 4));
    }
    position += Math.max(size, 8);
  }
}

function readParts(bytes: Buffer, { parts }: Items): void {
  const wide = bytes.readUInt8(0) !== 0;
  const itemBytes = wide ? 4 : 2;
  const itemAt = (at: number) => (wide ? bytes.readUInt32BE(at) : bytes.readUInt16BE(at));
  let position = FULL_BOX_BYTES;
  while (position < bytes.length) {
    const size = bytes.readUInt32BE(position);
    if (bytes.toString('latin1', position + 4, position + 8) === 'dimg') {
      const count = bytes.readUInt16BE(position + 8 + itemBytes);
      if (count > 0) parts.set(itemAt(position + 8), itemAt(position + 8 + itemBytes + 2));
    }
    position += Math.max(size, 8);
  }
}
