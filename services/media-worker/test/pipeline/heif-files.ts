/** Writes HEIF files (ISO/IEC 23008-12) around one coded picture, as phones put large photos together from tiles. */

interface CodedPicture {
  /** hvc1 or av01. */
  type: string;
  /** The whole hvcC or av1C box. */
  configuration: Buffer;
  data: Buffer;
  width: number;
  height: number;
}

export interface GridOptions {
  columns: number;
  rows: number;
  /** Of the photo; by default that of all tiles together. */
  width?: number;
  height?: number;
  /** Boxes that describe the photo: colr, irot, imir, clap. */
  properties?: Buffer[];
  brands?: string[];
}

/** Reads the picture of a file that holds one. */
export function codedPicture(file: Buffer): CodedPicture {
  const kind = file.includes('hvcC') ? 'hvcC' : 'av1C';
  const configuration = boxAt(file, kind);
  const extent = boxAt(file, 'ispe');
  const data = boxAt(file, 'mdat').subarray(8);
  return {
    type: kind === 'hvcC' ? 'hvc1' : 'av01',
    configuration,
    data,
    width: extent.readUInt32BE(12),
    height: extent.readUInt32BE(16),
  };
}

/** A photo that shows the same tile again and again, in as many items as it has tiles. */
export function gridFile(tile: CodedPicture, options: GridOptions): Buffer {
  const { columns, rows, properties = [], brands = ['mif1'] } = options;
  const { width = columns * tile.width, height = rows * tile.height } = options;
  const tiles = Array.from({ length: columns * rows }, (_, index) => index + 2);
  const grid = Buffer.concat([Buffer.from([0, 1, rows - 1, columns - 1]), uint32(width), uint32(height)]);
  const shared = [
    tile.configuration,
    extentBox(tile.width, tile.height),
    extentBox(width, height),
    ...properties,
  ];
  const ofGrid = [3, ...properties.map((_, index) => 0x80 | (index + 4))];
  const meta = (dataAt: number) =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, uint32(0), ascii('pict'), Buffer.alloc(13)),
      fullBox('pitm', 1, uint32(1)),
      fullBox(
        'iinf',
        1,
        uint32(tiles.length + 1),
        itemInfo(1, 'grid'),
        ...tiles.map((id) => itemInfo(id, tile.type)),
      ),
      fullBox('iref', 1, box('dimg', uint32(1), uint16(tiles.length), ...tiles.map(uint32))),
      box(
        'iprp',
        box('ipco', ...shared),
        fullBox(
          'ipma',
          1,
          uint32(tiles.length + 1),
          association(1, ofGrid),
          ...tiles.map((id) => association(id, [0x81, 2])),
        ),
      ),
      locations(dataAt, grid.length, tile.data.length, tiles),
    );
  const head = box('ftyp', ascii(brands[0] ?? ''), uint32(0), ...brands.map(ascii));
  const dataAt = head.length + meta(0).length + 8;
  return Buffer.concat([head, meta(dataAt), box('mdat', grid, tile.data)]);
}

/** A colour information box with code points (ISO/IEC 14496-12, 12.1.5). */
export const nclx = (primaries: number, transfer: number, matrix: number): Buffer =>
  box('colr', ascii('nclx'), uint16(primaries), uint16(transfer), uint16(matrix), Buffer.from([0x80]));
/** A rotation by a multiple of 90 degrees, anti-clockwise. */
export const rotation = (quarters: number): Buffer => box('irot', Buffer.from([quarters]));
/** Mirrors at a vertical (0) or horizontal (1) axis. */
export const mirroring = (axis: 0 | 1): Buffer => box('imir', Buffer.from([axis]));
/** The middle of the picture. */
export const cropping = (width: number, height: number): Buffer =>
  box('clap', ...[width, 1, height, 1, 0, 1, 0, 1].map(uint32));

function locations(dataAt: number, gridBytes: number, tileBytes: number, tiles: number[]): Buffer {
  const item = (id: number, offset: number, length: number) =>
    Buffer.concat([uint32(id), uint16(0), uint16(0), uint16(1), uint32(offset), uint32(length)]);
  return fullBox(
    'iloc',
    2,
    Buffer.from([0x44, 0x00]),
    uint32(tiles.length + 1),
    item(1, dataAt, gridBytes),
    ...tiles.map((id) => item(id, dataAt + gridBytes, tileBytes)),
  );
}

const itemInfo = (id: number, type: string): Buffer =>
  fullBox('infe', 3, uint32(id), uint16(0), ascii(type), Buffer.from([0]));
const association = (id: number, properties: number[]): Buffer =>
  Buffer.concat([uint32(id), Buffer.from([properties.length, ...properties])]);
const extentBox = (width: number, height: number): Buffer =>
  fullBox('ispe', 0, uint32(width), uint32(height));

function box(type: string, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([uint32(content.length + 8), ascii(type), content]);
}

function fullBox(type: string, version: number, ...parts: Buffer[]): Buffer {
  return box(type, Buffer.from([version, 0, 0, 0]), ...parts);
}

function boxAt(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type) - 4;
  return file.subarray(at, at + file.readUInt32BE(at));
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
