export type TiffValue = readonly number[] | string | Buffer;

export interface TiffPage {
  /** By tag number: whole numbers (written as SHORT, or LONG where one is larger), text, or bytes (UNDEFINED). */
  tags: Readonly<Record<number, TiffValue>>;
  /** What StripOffsets and StripByteCounts (or, with `tiled`, those of tiles) will point to. */
  strips?: readonly Buffer[];
  tiled?: boolean;
  /** A JPEG of its own, as cameras attach them: JPEGInterchangeFormat will point to it. */
  jpeg?: Buffer;
  subIfds?: readonly TiffPage[];
}

export interface TiffOrder {
  /** Default true. */
  littleEndian?: boolean;
  /** BigTIFF: offsets of 64 bits. Default false. */
  big?: boolean;
}

/** A value as it is written: its type, how many there are, their bytes. */
interface Field {
  kind: number;
  count: number;
  bytes: Buffer;
}

const type = { ascii: 2, short: 3, long: 4, undefined: 7, long8: 16 } as const;

/** A TIFF of these pages, made for tests: nothing in it is checked, so that it may be as odd as wanted. */
export function buildTiff(
  pages: readonly TiffPage[],
  { littleEndian = true, big = false }: TiffOrder = {},
): Buffer<ArrayBuffer> {
  const wordBytes = big ? 8 : 4;
  const number = (value: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    if (bytes === 8 && littleEndian) buffer.writeBigUInt64LE(BigInt(value));
    else if (bytes === 8) buffer.writeBigUInt64BE(BigInt(value));
    else if (littleEndian) buffer.writeUIntLE(value, 0, bytes);
    else buffer.writeUIntBE(value, 0, bytes);
    return buffer;
  };
  const parts: Buffer[] = [];
  let position = 0;
  const write = (bytes: Buffer): number => {
    const at = position;
    parts.push(bytes);
    position += bytes.length;
    return at;
  };
  const offsets = (values: readonly number[]): Field => ({
    kind: big ? type.long8 : type.long,
    count: values.length,
    bytes: Buffer.concat(values.map((value) => number(value, wordBytes))),
  });
  const encode = (values: TiffValue): Field => {
    if (typeof values === 'string') {
      const bytes = Buffer.from(`${values}\0`);
      return { kind: type.ascii, count: bytes.length, bytes };
    }
    if (Buffer.isBuffer(values)) return { kind: type.undefined, count: values.length, bytes: values };
    const kind = values.every((value) => value < 65_536) ? type.short : type.long;
    const bytes = Buffer.concat(values.map((value) => number(value, kind === type.short ? 2 : 4)));
    return { kind, count: values.length, bytes };
  };

  /** Writes a page and what belongs to it. Returns where it begins, and the bytes that name the next one. */
  const writePage = ({
    tags,
    strips = [],
    tiled = false,
    jpeg,
    subIfds = [],
  }: TiffPage): { at: number; next: Buffer } => {
    const stripsAt = strips.map(write);
    const subIfdsAt = subIfds.map((page) => writePage(page).at);
    const entries = new Map(Object.entries(tags).map(([tag, values]) => [Number(tag), encode(values)]));
    if (strips.length > 0) {
      entries.set(tiled ? 324 : 273, offsets(stripsAt));
      entries.set(tiled ? 325 : 279, offsets(strips.map((strip) => strip.length)));
    }
    if (jpeg) {
      entries.set(513, offsets([write(jpeg)]));
      entries.set(514, offsets([jpeg.length]));
    }
    if (subIfds.length > 0) entries.set(330, offsets(subIfdsAt));
    const fields = [...entries]
      .sort(([a], [b]) => a - b)
      .map(([tag, { kind, count, bytes }]) => {
        const value = Buffer.alloc(wordBytes);
        if (bytes.length <= wordBytes) bytes.copy(value);
        else number(write(bytes), wordBytes).copy(value);
        return Buffer.concat([number(tag, 2), number(kind, 2), number(count, wordBytes), value]);
      });
    const at = write(number(fields.length, big ? 8 : 2));
    for (const field of fields) write(field);
    const next = Buffer.alloc(wordBytes);
    write(next);
    return { at, next };
  };

  const first = Buffer.alloc(wordBytes);
  write(Buffer.from(littleEndian ? 'II' : 'MM'));
  write(number(big ? 43 : 42, 2));
  if (big) write(Buffer.concat([number(8, 2), number(0, 2)]));
  write(first);
  let previous: Buffer = first;
  for (const page of pages) {
    const { at, next } = writePage(page);
    number(at, wordBytes).copy(previous);
    previous = next;
  }
  return Buffer.concat(parts);
}
