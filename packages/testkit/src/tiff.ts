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

const TYPE = { ascii: 2, short: 3, long: 4, undefined: 7, long8: 16 } as const;

/** A TIFF of these pages, made for tests: nothing in it is checked, so that it may be as odd as wanted. */
export function buildTiff(
  pages: readonly TiffPage[],
  { littleEndian = true, big = false }: TiffOrder = {},
): Buffer<ArrayBuffer> {
  const writer = new TiffWriter(littleEndian, big);
  let next = writer.writeHeader();
  for (const page of pages) {
    const written = writer.writePage(page);
    writer.number(written.at, next.length).copy(next);
    next = written.next;
  }
  return writer.bytes();
}

class TiffWriter {
  readonly #parts: Buffer[] = [];
  #position = 0;
  /** Of an offset. */
  readonly #wordBytes: number;

  constructor(
    readonly littleEndian: boolean,
    readonly big: boolean,
  ) {
    this.#wordBytes = big ? 8 : 4;
  }

  /** Returns the bytes that name the first page. */
  writeHeader(): Buffer {
    this.#write(Buffer.from(this.littleEndian ? 'II' : 'MM'));
    this.#write(this.number(this.big ? 43 : 42, 2));
    if (this.big) this.#write(Buffer.concat([this.number(8, 2), this.number(0, 2)]));
    return this.#writeLink();
  }

  /** Writes a page and what belongs to it. Returns where it begins, and the bytes that name the next one. */
  writePage(page: TiffPage): { at: number; next: Buffer } {
    const fields = [...this.#entriesOf(page)].sort(([a], [b]) => a - b);
    const rows = fields.map(([tag, { kind, count, bytes }]) => {
      const value = Buffer.alloc(this.#wordBytes);
      if (bytes.length <= this.#wordBytes) bytes.copy(value);
      else this.number(this.#write(bytes), this.#wordBytes).copy(value);
      return Buffer.concat([
        this.number(tag, 2),
        this.number(kind, 2),
        this.number(count, this.#wordBytes),
        value,
      ]);
    });
    const at = this.#write(this.number(rows.length, this.big ? 8 : 2));
    for (const row of rows) this.#write(row);
    return { at, next: this.#writeLink() };
  }

  /** Returns the fields of a page by their tags, and writes what they point to. */
  #entriesOf({ tags, strips = [], tiled = false, jpeg, subIfds = [] }: TiffPage): Map<number, Field> {
    const stripsAt = strips.map((strip) => this.#write(strip));
    const subIfdsAt = subIfds.map((page) => this.writePage(page).at);
    const entries = new Map(Object.entries(tags).map(([tag, values]) => [Number(tag), this.#encode(values)]));
    if (strips.length > 0) {
      entries.set(tiled ? 324 : 273, this.#offsets(stripsAt));
      entries.set(tiled ? 325 : 279, this.#offsets(strips.map((strip) => strip.length)));
    }
    if (jpeg) {
      entries.set(513, this.#offsets([this.#write(jpeg)]));
      entries.set(514, this.#offsets([jpeg.length]));
    }
    if (subIfds.length > 0) entries.set(330, this.#offsets(subIfdsAt));
    return entries;
  }

  #encode(values: TiffValue): Field {
    if (typeof values === 'string') {
      const bytes = Buffer.from(`${values}\0`);
      return { kind: TYPE.ascii, count: bytes.length, bytes };
    }
    if (Buffer.isBuffer(values)) return { kind: TYPE.undefined, count: values.length, bytes: values };
    return values.every((value) => value < 65_536)
      ? this.#numbers(TYPE.short, values, 2)
      : this.#numbers(TYPE.long, values, 4);
  }

  #offsets(values: readonly number[]): Field {
    return this.#numbers(this.big ? TYPE.long8 : TYPE.long, values, this.#wordBytes);
  }

  #numbers(kind: number, values: readonly number[], bytesEach: number): Field {
    const bytes = Buffer.concat(values.map((value) => this.number(value, bytesEach)));
    return { kind, count: values.length, bytes };
  }

  number(value: number, bytes: number): Buffer {
    const buffer = Buffer.alloc(bytes);
    if (bytes === 8 && this.littleEndian) buffer.writeBigUInt64LE(BigInt(value));
    else if (bytes === 8) buffer.writeBigUInt64BE(BigInt(value));
    else if (this.littleEndian) buffer.writeUIntLE(value, 0, bytes);
    else buffer.writeUIntBE(value, 0, bytes);
    return buffer;
  }

  /** Writes an offset that is filled in later. */
  #writeLink(): Buffer {
    const link = Buffer.alloc(this.#wordBytes);
    this.#write(link);
    return link;
  }

  /** Returns where the bytes are. */
  #write(bytes: Buffer): number {
    const at = this.#position;
    this.#parts.push(bytes);
    this.#position += bytes.length;
    return at;
  }

  bytes(): Buffer<ArrayBuffer> {
    return Buffer.concat(this.#parts);
  }
}
