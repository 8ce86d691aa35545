/** Builds files of the ISO base media format, with just as much in them as tells what they are. */

export const box = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
};

export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
export const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);

const fullBox = (type: string, version: number, ...parts: Buffer[]): Buffer =>
  box(type, Buffer.from([version, 0, 0, 0]), ...parts);

export const ftyp = (major: string, ...compatible: string[]): Buffer =>
  box(
    'ftyp',
    Buffer.from(major, 'latin1'),
    u32(0),
    ...compatible.map((brand) => Buffer.from(brand, 'latin1')),
  );

export interface Item {
  id: number;
  type: string;
  /** Items that this one is made of. */
  of?: number[];
}

/** A `meta` box. With `wide`, ids have 32 bits, as in files of more than 65,535 items. */
export function meta(primary: number, items: readonly Item[], wide = false): Buffer {
  const id = (value: number) => (wide ? u32(value) : u16(value));
  const version = wide ? 1 : 0;
  const infe = ({ id: item, type }: Item) =>
    fullBox('infe', wide ? 3 : 2, id(item), u16(0), Buffer.from(`${type}\0`, 'latin1'));
  const references = items.flatMap(({ id: item, of }) =>
    of ? [box('dimg', id(item), u16(of.length), ...of.map(id))] : [],
  );
  return fullBox(
    'meta',
    0,
    fullBox('hdlr', 0, u32(0), Buffer.from('pict'), Buffer.alloc(13)),
    fullBox('pitm', version, id(primary)),
    fullBox('iinf', version, wide ? u32(items.length) : u16(items.length), ...items.map(infe)),
    ...(references.length > 0 ? [fullBox('iref', version, ...references)] : []),
    box('idat', Buffer.alloc(100)),
  );
}

export const mdat = (bytes = 2_000): Buffer => box('mdat', Buffer.alloc(bytes));
