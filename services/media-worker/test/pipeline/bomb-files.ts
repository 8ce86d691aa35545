import { crc32, deflateRawSync, constants as zlib } from 'node:zlib';

/** Files that are small on a disk and ask their reader for gigabytes or for hours. */

const MEBIBYTE = 1024 * 1024;

/** A zlib stream (RFC 1950) of so many zero bytes: a thousandth of their number, and made at once. */
export function zeros(length: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(MEBIBYTE), { finishFlush: zlib.Z_FULL_FLUSH });
  const whole = Math.floor(length / MEBIBYTE);
  const rest = deflateRawSync(Buffer.alloc(length % MEBIBYTE));
  const adler = Buffer.alloc(4);
  adler.writeUInt32BE((length % 65_521) * 65_536 + 1);
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array<Buffer>(whole).fill(block), rest, adler]);
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), typed, uint32(crc32(typed))]);
}

/** Puts chunks behind the header of a PNG. */
export function withChunks(png: Buffer, ...chunks: Buffer[]): Buffer {
  const headerEnd = 33;
  return Buffer.concat([png.subarray(0, headerEnd), ...chunks, png.subarray(headerEnd)]);
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Compressed metadata of a PNG, each kind with that many zero bytes. */
export const longChunks = {
  zTXt: (length: number) => pngChunk('zTXt', Buffer.concat([latin1('Comment\0\0'), zeros(length)])),
  iCCP: (length: number) => pngChunk('iCCP', Buffer.concat([latin1('profile\0\0'), zeros(length)])),
  iTXt: (length: number) =>
    pngChunk('iTXt', Buffer.concat([latin1('XML:com.adobe.xmp\0\x01\0\0\0'), zeros(length)])),
};

/** A black PNG: RGBA with 16 bits a sample. */
export function blackPng(width: number, height: number, { isInterlaced }: { isInterlaced: boolean }): Buffer {
  const header = Buffer.concat([
    uint32(width),
    uint32(height),
    Buffer.from([16, 6, 0, 0, isInterlaced ? 1 : 0]),
  ]);
  // Adam7 (PNG, third edition, 8.1): the first column and row of each pass, and the distances to the next ones.
  const adam7 = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  const passes = isInterlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  const bytes = passes.map(([left, top, across, down]) => {
    const columns = Math.max(0, Math.ceil((width - left) / across));
    const rows = Math.max(0, Math.ceil((height - top) / down));
    return columns === 0 ? 0 : rows * (1 + columns * 8);
  });
  const pixels = zeros(bytes.reduce((sum, count) => sum + count, 0));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', pixels),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

const jpegSegment = (marker: number, data: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), uint16(data.length + 2), data]);

/**
 * A grey JPEG without chroma subsampling (ITU-T T.81) in several scans: progressive, with that many scans that refine nothing, or
 * sequential, with a scan for each channel.
 */
export function jpegOfScans(
  width: number,
  height: number,
  { isProgressive = true, emptyScans = 0 }: { isProgressive?: boolean; emptyScans?: number } = {},
): Buffer {
  const components = [1, 2, 3];
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const quantization = Buffer.alloc(65, 1);
  quantization[0] = 0;
  const frame = Buffer.concat([
    Buffer.from([8]),
    uint16(height),
    uint16(width),
    Buffer.from([3, ...components.flatMap((id) => [id, 0x11, 0])]),
  ]);
  /** One code of one bit, 0. For DC it stands for no difference; for AC for the end of the block, or of the next 16,384 blocks. */
  const table = (kind: number, symbol: number) =>
    jpegSegment(0xc4, Buffer.concat([Buffer.from([kind, 1]), Buffer.alloc(15), Buffer.from([symbol])]));
  const scan = (ids: readonly number[], [start, end, approximation]: readonly number[], bits: number) =>
    Buffer.concat([
      jpegSegment(
        0xda,
        Buffer.from([ids.length, ...ids.flatMap((id) => [id, 0]), start ?? 0, end ?? 0, approximation ?? 0]),
      ),
      Buffer.alloc(Math.ceil(bits / 8)),
    ]);
  const head = [Buffer.from([0xff, 0xd8]), jpegSegment(0xdb, quantization)];
  const tail = Buffer.from([0xff, 0xd9]);
  if (!isProgressive) {
    const scans = components.map((id) => scan([id], [0, 63, 0], 2 * blocks));
    return Buffer.concat([...head, jpegSegment(0xc0, frame), table(0, 0), table(0x10, 0), ...scans, tail]);
  }
  // A run of 2^14 blocks takes a code and 14 more bits.
  const runBits = Math.ceil(blocks / 16_384) * 15;
  const empty = Array.from({ length: emptyScans }, (_, index) =>
    scan([1], [1 + (index % 63), 1 + (index % 63), 0], runBits),
  );
  return Buffer.concat([
    ...head,
    jpegSegment(0xc2, frame),
    table(0, 0),
    table(0x10, 0xe0),
    scan(components, [0, 0, 0], 3 * blocks),
    ...empty,
    tail,
  ]);
}

/** A JPEG with so many bytes of metadata, in segments of 64 KB, in front of the picture. */
export function withSegments(jpeg: Buffer, bytes: number): Buffer {
  const segment = jpegSegment(0xe1, Buffer.alloc(65_533));
  const count = Math.ceil(bytes / segment.length);
  return Buffer.concat([jpeg.subarray(0, 2), ...Array<Buffer>(count).fill(segment), jpeg.subarray(2)]);
}

/** A lossless WebP of one colour (RFC 9649, section 3). */
export function plainWebp(width: number, height: number): Buffer {
  let bits = 0n;
  let length = 0n;
  const put = (value: number, count: number) => {
    bits |= BigInt(value) << length;
    length += BigInt(count);
  };
  put(width - 1, 14);
  put(height - 1, 14);
  put(0, 1); // No alpha.
  put(0, 3); // Version.
  put(0, 1); // No transform.
  put(0, 1); // No cache of colours.
  put(0, 1); // One group of codes.
  // Five simple codes of one symbol each, which take no bits in the data.
  for (let code = 0; code < 5; code += 1) {
    put(1, 1);
    put(0, 1);
    put(0, 1);
    put(0, 1);
  }
  const data = Buffer.alloc(Math.ceil(Number(length) / 8) + 1);
  for (let index = 0; index < data.length; index += 1)
    data[index] = Number((bits >> BigInt(8 * index)) & 255n);
  const chunk = Buffer.concat([Buffer.from([0x2f]), data]);
  const padded = chunk.length % 2 === 0 ? chunk : Buffer.concat([chunk, Buffer.alloc(1)]);
  return riff(Buffer.concat([latin1('VP8L'), uint32LittleEndian(chunk.length), padded]));
}

const riff = (chunks: Buffer): Buffer =>
  Buffer.concat([latin1('RIFF'), uint32LittleEndian(chunks.length + 4), latin1('WEBP'), chunks]);

function uint32LittleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** An animation whose frames fill a screen of that size and have the data of one pixel (GIF89a). */
export function gifOf(width: number, height: number, frames = 1): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  const frame = Buffer.concat([
    Buffer.from('21f90408000000002c00000000', 'hex'),
    size,
    Buffer.from('0002024401'.concat('00'), 'hex'),
  ]);
  return Buffer.concat([
    latin1('GIF89a'),
    size,
    Buffer.from('800000000000ffffff', 'hex'),
    ...Array<Buffer>(frames).fill(frame),
    Buffer.from([0x3b]),
  ]);
}

/** A black TIFF, RGB with 16 bits a sample, compressed (Adobe Deflate), in one tile or one strip. */
export function blackTiff(width: number, height: number, { isTiled }: { isTiled: boolean }): Buffer {
  const pixels = zeros(width * height * 6);
  const dataAt = 8;
  const bitsAt = dataAt + pixels.length + (pixels.length % 2);
  const directoryAt = bitsAt + 6;
  const [short, long] = [3, 4];
  const place = isTiled ? [322, 323, 324, 325] : [undefined, 278, 273, 279];
  const entries = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, 3, bitsAt],
    [259, short, 1, 8],
    [262, short, 1, 2],
    [277, short, 1, 3],
    [place[0], long, 1, width],
    [place[1], long, 1, height],
    [place[2], long, 1, dataAt],
    [place[3], long, 1, pixels.length],
  ]
    .filter(([tag]) => tag !== undefined)
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length);
  for (const [index, [tag = 0, kind = 0, count = 0, value = 0]] of entries.entries()) {
    const at = 2 + index * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(kind, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  const gap = Buffer.alloc(pixels.length % 2);
  const bits = Buffer.from([16, 0, 16, 0, 16, 0]);
  return Buffer.concat([latin1('II*\0'), uint32LittleEndian(directoryAt), pixels, gap, bits, directory]);
}
