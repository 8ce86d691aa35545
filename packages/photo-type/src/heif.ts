import type { Detector, FileTypeResult } from 'file-type';
import { type ByteSource, bytesOf } from './bytes.js';

const HEIC: FileTypeResult = { ext: 'heic', mime: 'image/heic' };
const AVIF: FileTypeResult = { ext: 'avif', mime: 'image/avif' };
/** The container with an unknown codec. */
const HEIF: FileTypeResult = { ext: 'heif', mime: 'image/heif' };

/** Brands for HEVC: of ISO/IEC 23008-12, annex B, and of ISO/IEC 23000-22 (MIAF), annex A. */
const HEVC_BRANDS = new Set('heic heix heim heis hevc hevx hevm hevs MiHB MiHA MiHE'.split(' '));
/** Brands for AV1: of the AV1 Image File Format, sections 6 and 8. */
const AV1_BRANDS = new Set(['avif', 'avis', 'avio', 'MA1A', 'MA1B']);
/** Brands of the container that leave the codec open. */
const OPEN_BRANDS = new Set(['mif1', 'mif2', 'mif3', 'msf1', 'miaf', 'MiPr', 'tmap', '1pic']);

const HEVC_ITEMS = new Set(['hvc1', 'hev1', 'lhv1', 'hvt1']);

/** Real files have about ten brands. */
const MAX_FILE_TYPE_BYTES = 1024;

/**
 * HEIC and AVIF use the same container. The codec of the primary item tells them apart; without it all brands do, since the major
 * brand is often the open `mif1`. A file without any of these brands (a video) is left to other detectors.
 */
export const heifDetector: Detector = {
  id: 'heif',
  async detect(tokenizer) {
    const read = bytesOf(tokenizer);
    const brands = await readBrands(read);
    if (!brands.some((brand) => OPEN_BRANDS.has(brand) || HEVC_BRANDS.has(brand) || AV1_BRANDS.has(brand))) {
      return undefined;
    }
    const codec = await findCodec(read, tokenizer.fileInfo.size ?? Number.MAX_SAFE_INTEGER);
    if (codec === undefined) return byBrands(brands);
    if (codec === 'av01') return AVIF;
    return HEVC_ITEMS.has(codec) ? HEIC : undefined;
  },
};

/** Returns the brands of the `ftyp` box, the major one first; none if the file does not begin with that box. */
async function readBrands(read: ByteSource): Promise<string[]> {
  const header = await read(0, 16);
  if (header.length < 16 || header.toString('latin1', 4, 8) !== 'ftyp') return [];
  const bytes = await read(0, Math.min(header.readUInt32BE(0), MAX_FILE_TYPE_BYTES));
  // The major brand is followed by its version.
  const places = [8];
  for (let at = 16; at + 4 <= bytes.length; at += 4) places.push(at);
  return places.map((at) => bytes.toString('latin1', at, at + 4));
}

async function findCodec(read: ByteSource, size: number): Promise<string | undefined> {
  for await (const box of boxes(read, 0, size)) {
    if (box.type === 'meta') return primaryCodec(read, box);
  }
  return undefined;
}

function byBrands(brands: readonly string[]): FileTypeResult {
  const isHevc = brands.some((brand) => HEVC_BRANDS.has(brand));
  const isAv1 = brands.some((brand) => AV1_BRANDS.has(brand));
  if (isHevc === isAv1) return HEIF;
  return isHevc ? HEIC : AVIF;
}

/** The items of a file, from its `meta` box (ISO/IEC 14496-12, 8.11). */
interface Items {
  primary?: number;
  /** Item types by item: `hvc1`, `av01`, `grid`, `Exif`, ... */
  types: Map<number, string>;
  /** The first part of an item: the first tile of a grid, the first layer of an overlay. */
  parts: Map<number, number>;
}

const FULL_BOX_BYTES = 4;
/** A tone-mapped grid of tiles has three levels. */
const MAX_DEPTH = 8;

/**
 * Returns the codec (`hvc1`, `av01`, ...) of the primary item, which is the main picture of the file. Undefined if the `meta` box does
 * not tell it.
 */
async function primaryCodec(read: ByteSource, meta: Box): Promise<string | undefined> {
  const items = await readItems(read, meta);
  return items.primary === undefined ? undefined : codecOf(items, items.primary);
}

/** Derived pictures (ISO/IEC 23008-12, 6.6) have the codec of the pictures that they refer to. */
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
      // The box ends in the middle of a field. The fields before it are used.
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
    // Version 2 has 16 bits for the item, version 3 has 32; older ones have no item types.
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

/** A box of the ISO base media file format (ISO/IEC 14496-12, 4.2), with the offsets of its payload. */
interface Box {
  type: string;
  start: number;
  end: number;
}

/** Photos have far fewer; a hostile file could consist of millions of empty boxes. */
const MAX_BOXES = 64;
/** Lists of items are far shorter, even for a photo of thousands of tiles. */
const MAX_PAYLOAD_BYTES = 256 * 1024;

/** Yields the boxes from `start` to `end` of a file, in their order. Ends at the first damaged one. */
async function* boxes(read: ByteSource, start: number, end: number): AsyncGenerator<Box> {
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

/** Returns the payload of a box, or undefined if it is incomplete or far too large. */
async function payload(read: ByteSource, { start, end }: Box): Promise<Buffer | undefined> {
  if (end - start > MAX_PAYLOAD_BYTES) return undefined;
  const bytes = await read(start, end - start);
  return bytes.length === end - start ? bytes : undefined;
}
