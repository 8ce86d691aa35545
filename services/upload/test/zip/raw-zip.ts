import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of an archive made by hand: what is not given is right. */
export interface RawEntry {
  name: string | Buffer;
  content?: Buffer;
  method?: number;
  flags?: number;
  /** Upper byte: the system that made it (3 is Unix). */
  madeBy?: number;
  /** POSIX mode, in the upper half of the external attributes. */
  mode?: number;
  crc?: number;
  size?: number;
  compressedSize?: number;
  /** What is stored, if it is not what `method` makes of the content. */
  packed?: Buffer;
  extra?: Buffer;
  localExtra?: Buffer;
  offset?: number;
  date?: number;
  time?: number;
  /** Sizes and offset go into a zip64 field. */
  zip64?: boolean;
}

export interface RawEnd {
  count?: number;
  disk?: number;
  comment?: Buffer;
  directoryOffset?: number;
  directorySize?: number;
}

const UTF8_FLAG = 0x800;
const IN_ZIP64 = 0xffffffff;

export const extraField = (id: number, data: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
};

const u64 = (value: bigint | number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

function fieldsOf(entry: RawEntry) {
  const content = entry.content ?? Buffer.from('content');
  const method = entry.method ?? 0;
  const packed = entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
  const isText = typeof entry.name === 'string';
  return {
    name: isText ? Buffer.from(entry.name as string) : (entry.name as Buffer),
    flags: entry.flags ?? (isText ? UTF8_FLAG : 0),
    method,
    packed,
    crc: entry.crc ?? crc32(content),
    size: entry.size ?? content.length,
    compressedSize: entry.compressedSize ?? packed.length,
    date: entry.date ?? 0x5821,
    time: entry.time ?? 0,
  };
}

export function localHeader(entry: RawEntry): Buffer {
  const { name, flags, method, crc, size, compressedSize, date, time } = fieldsOf(entry);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(method, 8);
  head.writeUInt16LE(time, 10);
  head.writeUInt16LE(date, 12);
  head.writeUInt32LE(crc, 14);
  head.writeUInt32LE(Math.min(compressedSize, IN_ZIP64), 18);
  head.writeUInt32LE(Math.min(size, IN_ZIP64), 22);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(entry.localExtra?.length ?? 0, 28);
  return Buffer.concat([head, name, entry.localExtra ?? Buffer.alloc(0)]);
}

export function centralHeader(entry: RawEntry, offset: number): Buffer {
  const { name, flags, method, crc, size, compressedSize, date, time } = fieldsOf(entry);
  const zip64 = entry.zip64
    ? extraField(1, Buffer.concat([u64(size), u64(compressedSize), u64(entry.offset ?? offset)]))
    : Buffer.alloc(0);
  const extra = Buffer.concat([zip64, entry.extra ?? Buffer.alloc(0)]);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(((entry.madeBy ?? 3) << 8) | 20, 4);
  head.writeUInt16LE(20, 6);
  head.writeUInt16LE(flags, 8);
  head.writeUInt16LE(method, 10);
  head.writeUInt16LE(time, 12);
  head.writeUInt16LE(date, 14);
  head.writeUInt32LE(crc, 16);
  head.writeUInt32LE(entry.zip64 ? IN_ZIP64 : compressedSize, 20);
  head.writeUInt32LE(entry.zip64 ? IN_ZIP64 : size, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  head.writeUInt32LE(entry.zip64 ? IN_ZIP64 : (entry.offset ?? offset), 42);
  return Buffer.concat([head, name, extra]);
}

export function endRecord(count: number, size: number, offset: number, end: RawEnd = {}): Buffer {
  const comment = end.comment ?? Buffer.alloc(0);
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(end.disk ?? 0, 4);
  record.writeUInt16LE((end.count ?? count) & 0xffff, 8);
  record.writeUInt16LE((end.count ?? count) & 0xffff, 10);
  record.writeUInt32LE(end.directorySize ?? size, 12);
  record.writeUInt32LE(end.directoryOffset ?? offset, 16);
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([record, comment]);
}

/** The end of a zip64 archive: its own end record, where that is, and the old end record. */
export function zip64End(count: number | bigint, size: number, offset: number): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  u64(count).copy(record, 24);
  u64(count).copy(record, 32);
  u64(size).copy(record, 40);
  u64(offset).copy(record, 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  u64(offset + size).copy(locator, 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, endRecord(0xffff, IN_ZIP64, IN_ZIP64)]);
}

/** An archive of these entries, one after the other. */
export function rawZip(entries: readonly RawEntry[], end: RawEnd = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    directory.push(centralHeader(entry, offset));
    const local = Buffer.concat([localHeader(entry), fieldsOf(entry).packed]);
    parts.push(local);
    offset += local.length;
  }
  const table = Buffer.concat(directory);
  return Buffer.concat([...parts, table, endRecord(entries.length, table.length, offset, end)]);
}
