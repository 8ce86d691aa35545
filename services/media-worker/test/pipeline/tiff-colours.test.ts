import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { buildTiff, type TiffOrder, type TiffValue } from '@lazyphotos/testkit';
import sharp from 'sharp';
import { mediaErrorOf, openPipeline, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const scratchDir = temporaryFolder();
const pipeline = openPipeline({ scratchDir });

const width = 64;
const height = 48;

interface Colour {
  rgb: [number, number, number];
  /** CIE L*a*b* of D50, as published for the primaries of sRGB (brucelindbloom.com, sRGB adapted with Bradford's matrix). */
  lab: [number, number, number];
}
/** Top left, top right, bottom left, bottom right. */
const corners: Colour[] = [
  { rgb: [255, 0, 0], lab: [54.29, 80.81, 69.89] },
  { rgb: [0, 255, 0], lab: [87.82, -79.29, 80.99] },
  { rgb: [0, 0, 255], lab: [29.57, 68.3, -112.03] },
  { rgb: [119, 119, 119], lab: [50.03, 0, 0] },
];
const linear = (byte: number): number => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};

interface Plan {
  photometric: number;
  /** The numbers of a pixel in one of the corners. */
  samples: (colour: Colour) => number[];
  write: 'u8' | 'u16' | 'i8' | 'i16' | 'u32' | 'f16' | 'f32' | 'f64';
  order?: TiffOrder;
  tags?: Record<number, TiffValue>;
  compress?: (bytes: Buffer) => Buffer;
  planar?: boolean;
  tile?: number;
}

const bitsOf = (write: Plan['write']): number => Number(write.slice(1));
const formatOf = (write: Plan['write']): number => ({ u: 1, i: 2, f: 3 })[write[0] ?? ''] ?? 1;

function halfFloat(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.max(-14, Math.floor(Math.log2(value)));
  return ((exponent + 15) << 10) | (Math.round((value / 2 ** exponent - 1) * 1024) & 0x3ff);
}

function writeSamples(values: number[], write: Plan['write'], littleEndian: boolean): Buffer {
  const bytes = bitsOf(write) / 8;
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  for (const [index, value] of values.entries()) {
    const at = index * bytes;
    if (write === 'f64') view.setFloat64(at, value, littleEndian);
    else if (write === 'f32') view.setFloat32(at, value, littleEndian);
    else if (write === 'f16') view.setUint16(at, halfFloat(value), littleEndian);
    else if (bytes === 4) view.setUint32(at, Math.round(value), littleEndian);
    else if (bytes === 2) view.setUint16(at, Math.round(value) & 0xffff, littleEndian);
    else view.setUint8(at, Math.round(value) & 0xff);
  }
  return Buffer.from(view.buffer);
}

function picture(plan: Plan): Buffer {
  const {
    photometric,
    samples,
    write,
    order = {},
    tags = {},
    compress = (bytes) => bytes,
    planar,
    tile,
  } = plan;
  const perCorner = corners.map(samples);
  const count = perCorner[0]?.length ?? 0;
  const pixel = (x: number, y: number): number[] =>
    perCorner[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] ?? [];
  const block = (left: number, top: number, across: number, down: number, channel?: number): Buffer => {
    const values: number[] = [];
    for (let y = top; y < top + down; y += 1) {
      for (let x = left; x < left + across; x += 1) {
        const all = pixel(x, y);
        values.push(...(channel === undefined ? all : [all[channel] ?? 0]));
      }
    }
    return compress(writeSamples(values, write, order.littleEndian ?? true));
  };
  const channels = planar ? Array.from({ length: count }, (_, index) => index) : [undefined];
  const strips = channels.flatMap((channel) => {
    if (!tile) return [block(0, 0, width, height, channel)];
    const places = [];
    for (let top = 0; top < height; top += tile) {
      for (let left = 0; left < width; left += tile) places.push(block(left, top, tile, tile, channel));
    }
    return places;
  });
  const list = (value: number) => Array.from({ length: count }, () => value);
  const page = {
    tags: {
      256: [width],
      257: [height],
      258: list(bitsOf(write)),
      259: [1],
      262: [photometric],
      277: [count],
      284: [planar ? 2 : 1],
      339: list(formatOf(write)),
      ...(tile ? { 322: [tile], 323: [tile] } : { 278: [height] }),
      ...tags,
    },
    strips,
    tiled: tile !== undefined,
  };
  return buildTiff([page], order);
}

async function show(bytes: Buffer) {
  const path = join(folder, 'picture.tif');
  writeFileSync(path, bytes);
  return pipeline.process({ path, mimeType: 'image/tiff' });
}

/** The colours in the middle of the four quarters. */
async function quarters(bytes: Buffer): Promise<number[][]> {
  const { previews } = await show(bytes);
  const { data, info } = await sharp(previews[1]?.data)
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => {
      const at = (Math.floor(info.height * y) * info.width + Math.floor(info.width * x)) * info.channels;
      return [...data.subarray(at, at + 3)];
    }),
  );
}

async function expectColours(bytes: Buffer, wanted: number[][], tolerance = 4): Promise<void> {
  const seen = await quarters(bytes);
  for (const [index, colour] of wanted.entries()) {
    for (const [channel, value] of colour.entries()) {
      const off = Math.abs((seen[index]?.[channel] ?? 0) - value);
      expect({ index, channel, isClose: off <= tolerance, seen }).toMatchObject({ isClose: true });
    }
  }
}

const rgbColours = corners.map(({ rgb }) => rgb);
const white = [255, 255, 255];
const littleEndian = [true, false];
const sRgb: Plan = { photometric: 2, samples: ({ rgb }) => rgb, write: 'u8' };
const sRgb16: Plan = { ...sRgb, samples: ({ rgb }) => rgb.map((byte) => byte * 257), write: 'u16' };
const light: Plan = { photometric: 2, samples: ({ rgb }) => rgb.map(linear), write: 'f32' };
const grey = (byte: number) => [byte, byte, byte];
/** The red channel alone. */
const greys = corners.map(({ rgb }) => grey(rgb[0]));

describe('whole numbers', () => {
  test.each<[string, Plan]>([
    ['8 bits', sRgb],
    ['16 bits', sRgb16],
    ['each channel apart', { ...sRgb, planar: true }],
    ['16 bits, each channel apart', { ...sRgb16, planar: true }],
    ['tiles', { ...sRgb, tile: 16 }],
    ['16 bits in tiles', { ...sRgb16, tile: 16 }],
    ['Deflate', { ...sRgb, tags: { 259: [8] }, compress: deflateSync }],
    ['Deflate under its old number', { ...sRgb, tags: { 259: [32_946] }, compress: deflateSync }],
    ['samples that are "void"', { ...sRgb, tags: { 339: [4, 4, 4] } }],
  ])('%s', async (_name, plan) => {
    for (const order of littleEndian.flatMap((end) =>
      [false, true].map((big) => ({ littleEndian: end, big })),
    )) {
      await expectColours(picture({ ...plan, order }), rgbColours);
    }
  });

  test.each(['lzw', 'deflate', 'packbits', 'jpeg', 'webp'] as const)('%s', async (compression) => {
    const png = await sharp(picture(sRgb)).png().toBuffer();
    const bytes = await sharp(png).tiff({ compression, quality: 100 }).toBuffer();
    await expectColours(bytes, rgbColours, compression === 'webp' || compression === 'jpeg' ? 30 : 4);
  });

  test('one bit per pixel, in the compression of fax machines', async () => {
    // ITU-T T.4, one-dimensional: 32 white and 32 black pixels above, 64 white ones below.
    const rows = ['00011011' + '000001101010', '11011' + '00110101'];
    const encoded = rows.map((bits) =>
      Buffer.from(
        bits
          .padEnd(24, '0')
          .match(/.{8}/g)
          ?.map((byte) => Number.parseInt(byte, 2)) ?? [],
      ),
    );
    const strip = Buffer.concat(
      Array.from(
        { length: height },
        (_, y) => (y < height / 2 ? encoded[0] : encoded[1]?.subarray(0, 2)) ?? Buffer.alloc(0),
      ),
    );
    const tags = { 256: [width], 257: [height], 258: [1], 259: [2], 262: [0], 277: [1], 278: [height] };
    await expectColours(buildTiff([{ tags, strips: [strip] }]), [white, grey(0), white, white]);
  });

  test('grey, where 0 is black and where it is white', async () => {
    const plan: Plan = { photometric: 1, samples: ({ rgb }) => [rgb[0]], write: 'u8' };
    await expectColours(picture(plan), greys);
    await expectColours(picture({ ...plan, photometric: 0, samples: ({ rgb }) => [255 - rgb[0]] }), greys);
    await expectColours(picture({ ...plan, write: 'u16', samples: ({ rgb }) => [rgb[0] * 257] }), greys);
  });

  test('4 bits, grey and palette', async () => {
    // Each byte holds two pixels of one corner: 0, 5, 10, 15.
    const strips = [Buffer.alloc((width / 2) * height)];
    strips[0]?.forEach((_, index, bytes) => {
      const [x, y] = [index % (width / 2), Math.floor(index / (width / 2))];
      bytes[index] = 0x55 * ((y < height / 2 ? 0 : 2) + (x < width / 4 ? 0 : 1));
    });
    const tags = { 256: [width], 257: [height], 258: [4], 259: [1], 262: [1], 277: [1], 278: [height] };
    await expectColours(buildTiff([{ tags, strips }]), [0, 85, 170, 255].map(grey));
    const ramp = Array.from({ length: 16 }, (_, index) => index * 4369);
    const palette = [...ramp, ...ramp.map(() => 0), ...[...ramp].reverse()];
    await expectColours(buildTiff([{ tags: { ...tags, 262: [3], 320: palette }, strips }]), [
      [0, 0, 255],
      [85, 0, 170],
      [170, 0, 85],
      [255, 0, 0],
    ]);
  });

  test('inks without a profile', async () => {
    const ink: Plan = {
      photometric: 5,
      samples: ({ rgb }) => [...rgb.map((byte) => 255 - byte), 0],
      write: 'u8',
    };
    // What printing inks make of these colours is not what screens show.
    await expectColours(picture(ink), rgbColours, 150);
    const paper = { ...ink, samples: () => [0, 0, 0, 0] };
    await expectColours(
      picture(paper),
      corners.map(() => white),
    );
    await expectColours(
      picture({ ...paper, write: 'u16' }),
      corners.map(() => white),
    );
  });

  test('a profile of 16-bit colours is used', async () => {
    const { icc } = await sharp(await sharp(picture(sRgb)).withIccProfile('p3').png().toBuffer()).metadata();
    if (!icc) throw new Error('no profile');
    const sixteen = await sharp(picture(sRgb)).toColourspace('rgb16').withIccProfile('p3').png().toBuffer();
    expect(await sharp(sixteen).metadata()).toMatchObject({ depth: 'ushort', hasProfile: true });
    await expectColours(sixteen, rgbColours, 6);
    const numbers: [number, number, number][] = [
      [60_116, 13_107, 8_995],
      [30_069, 64_507, 19_532],
      [0, 0, 62_837],
      [30_583, 30_583, 30_583],
    ];
    // The names that Display P3 has for the primaries of sRGB.
    const samples = ({ rgb }: Colour) => numbers[rgbColours.indexOf(rgb)] ?? [];
    await expectColours(picture({ ...sRgb16, samples, tags: { 34675: icc } }), rgbColours, 8);
  });
});

/** With half transparency. */
const overWhite = rgbColours.map((rgb) => rgb.map((byte) => byte / 2 + 127.5));

describe('transparency', () => {
  test.each<[string, Plan]>([
    ['beside the colours', { ...sRgb, samples: ({ rgb }) => [...rgb, 127.5], tags: { 338: [2] } }],
    [
      'multiplied into the colours',
      { ...sRgb, samples: ({ rgb }) => [...rgb.map((byte) => byte / 2), 127.5], tags: { 338: [1] } },
    ],
    ['with a fifth channel', { ...sRgb, samples: ({ rgb }) => [...rgb, 127.5, 99], tags: { 338: [2, 0] } }],
    ['of light', { ...light, samples: ({ rgb }) => [...rgb.map(linear), 0.5], tags: { 338: [2] } }],
    [
      'of L*a*b*',
      {
        photometric: 9,
        samples: ({ lab: [l, a, b] }) => [l * 2.55, a + 128, b + 128, 127.5],
        write: 'u8',
        tags: { 338: [2] },
      },
    ],
  ])('%s', async (_name, plan) => expectColours(picture(plan), overWhite, 6));
});

describe('light', () => {
  test.each<[string, Plan]>([
    ['32 bits', light],
    ['16 bits', { ...light, write: 'f16' }],
    ['each channel apart', { ...light, planar: true }],
    ['beside a profile that is none', { ...light, tags: { 34675: Buffer.alloc(200) } }],
  ])('%s', async (_name, plan) => {
    for (const order of littleEndian) {
      await expectColours(picture({ ...plan, order: { littleEndian: order } }), rgbColours);
    }
  });

  test.each(['srgb', 'p3'] as const)('is not converted by a profile: %s', async (name) => {
    const profiled = await sharp(picture(sRgb16))
      .toColourspace('rgb16')
      .withIccProfile(name)
      .png()
      .toBuffer();
    const { icc } = await sharp(profiled).metadata();
    if (!icc) throw new Error('no profile');
    // The names that the profile's space has for the colours.
    const { data, info } = await sharp(profiled, { ignoreIcc: true })
      .toColourspace('rgb16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const names = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const samples = ({ rgb }: Colour) => {
      const corner = rgbColours.indexOf(rgb);
      const at = (info.width * (corner < 2 ? 12 : 36) + (corner % 2 === 0 ? 16 : 48)) * info.channels;
      return [...names.subarray(at, at + 3)].map((value) => value / 65_535);
    };
    await expectColours(picture({ ...light, samples, tags: { 34675: icc } }), rgbColours);
    const halves: Plan = {
      ...light,
      samples: (colour) => [...samples(colour), 0.5],
      tags: { 34675: icc, 338: [2] },
    };
    await expectColours(picture(halves), overWhite);
  });

  test('above white is white', async () => {
    const samples = ({ rgb }: Colour) => rgb.map((byte) => (byte === 119 ? 40 : linear(byte)));
    await expectColours(picture({ ...light, samples }), [...rgbColours.slice(0, 3), white]);
  });

  test('grey, and NaN', async () => {
    const plan: Plan = { photometric: 1, samples: ({ rgb }) => [linear(rgb[0])], write: 'f32' };
    await expectColours(picture(plan), greys);
    const samples = ({ rgb }: Colour) => [rgb[0] === 0 ? Number.NaN : linear(rgb[0])];
    await expectColours(picture({ ...plan, samples }), greys);
  });

  test('floats in another unit are scaled to the largest', async () => {
    const samples = ({ rgb }: Colour) => [
      [1000, 500, 250, 2][corners.findIndex((corner) => corner.rgb === rgb)] ?? 0,
    ];
    await expectColours(picture({ photometric: 1, samples, write: 'f32' }), [255, 128, 64, 1].map(grey));
  });
});

describe('CIE L*a*b*', () => {
  const cielab8: Plan = {
    photometric: 8,
    samples: ({ lab: [l, a, b] }) => [l * 2.55, a, b],
    write: 'i8',
    tags: { 339: [1, 1, 1] },
  };
  test.each<[string, Plan]>([
    ['8 bits', cielab8],
    [
      '8 bits in tiles, compressed',
      { ...cielab8, tile: 16, compress: deflateSync, tags: { ...cielab8.tags, 259: [8] } },
    ],
    ['8 bits, each channel apart', { ...cielab8, planar: true }],
    ['8 bits that are not said to be unsigned', { ...cielab8, tags: { 339: [4, 4, 4] } }],
    [
      '16 bits',
      {
        photometric: 8,
        samples: ({ lab: [l, a, b] }) => [l * 655.35, a * 256, b * 256],
        write: 'i16',
        tags: { 339: [1, 1, 1] },
      },
    ],
    ['floats', { photometric: 8, samples: ({ lab }) => lab, write: 'f32' }],
    [
      'ICC, 8 bits',
      { photometric: 9, samples: ({ lab: [l, a, b] }) => [l * 2.55, a + 128, b + 128], write: 'u8' },
    ],
    [
      'ICC, 16 bits',
      {
        photometric: 9,
        samples: ({ lab: [l, a, b] }) => [l * 652.8, (a + 128) * 256, (b + 128) * 256],
        write: 'u16',
      },
    ],
    [
      'ITU, 8 bits',
      {
        photometric: 10,
        samples: ({ lab: [l, a, b] }) => [l * 2.55, (a * 255) / 170 + 128, Math.max(0, (b * 255) / 200 + 96)],
        write: 'u8',
      },
    ],
  ])('%s', async (name, plan) => {
    for (const order of littleEndian.flatMap((end) =>
      [false, true].map((big) => ({ littleEndian: end, big })),
    )) {
      const seen = await quarters(picture({ ...plan, order }));
      for (const [index, { rgb }] of corners.entries()) {
        // The range of ITU ends before the blue of screens.
        if (name.startsWith('ITU') && index === 2) continue;
        // Where a channel is dark, one step of 8 bits is many of its own.
        const coarse = bitsOf(plan.write) === 8 && rgb.includes(0);
        for (const [channel, value] of rgb.entries()) {
          const off = Math.abs((seen[index]?.[channel] ?? 0) - value);
          expect({ index, channel, isClose: off <= (coarse ? 30 : 4), seen }).toMatchObject({
            isClose: true,
          });
        }
      }
    }
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('is scaled without seams where a* and b* change their sign', async () => {
    // A ramp through neutral, far wider than a preview.
    const across = 4_000;
    const row = Buffer.alloc(across * 3);
    for (let x = 0; x < across; x += 1)
      row.set(
        [128, (x % 9) - 4, (x % 7) - 3].map((value) => value & 0xff),
        x * 3,
      );
    const down = 30;
    const bytes = buildTiff([
      {
        tags: { 256: [across], 257: [down], 258: [8, 8, 8], 259: [1], 262: [8], 277: [3], 278: [down] },
        strips: [Buffer.concat(Array.from({ length: down }, () => row))],
      },
    ]);
    const { previews } = await show(bytes);
    const { channels } = await sharp(previews[1]?.data).stats();
    for (const { min, max } of channels) {
      expect(min).toBeGreaterThan(105);
      expect(max).toBeLessThan(135);
    }
  });

  test('a damaged one is reported as damaged, and leaves no files', async () => {
    const plan: Plan = {
      ...cielab8,
      compress: (bytes) => deflateSync(bytes).subarray(0, 30),
      tags: { ...cielab8.tags, 259: [8] },
    };
    expect((await mediaErrorOf(show(picture(plan)))).code).toBe('undecodable');
    expect(readdirSync(scratchDir)).toEqual([]);
  });
});

test('logarithmic light is shown', async () => {
  // SGI's LogLuv, 32 bits: log2 of Y, then u' and v' (CIE 1976), in four planes of bytes, each row in runs.
  const places = [
    [0.2126, 0.4507, 0.5229],
    [0.7152, 0.125, 0.5625],
    [0.0722, 0.1754, 0.1579],
    [linear(119), 0.1978, 0.4683],
  ];
  const planes = places.map(([y = 0, u = 0, v = 0]) => {
    const light = Math.round(256 * (Math.log2(y) + 64));
    return [light >> 8, light & 255, Math.floor(410 * u), Math.floor(410 * v)];
  });
  const rows = Array.from({ length: height }, (_, y) => {
    const [left = [], right = []] = planes.slice(y < height / 2 ? 0 : 2);
    return [0, 1, 2, 3].flatMap((plane) => [
      width / 2 + 126,
      left[plane] ?? 0,
      width / 2 + 126,
      right[plane] ?? 0,
    ]);
  });
  const tags = {
    256: [width],
    257: [height],
    258: [16, 16, 16],
    259: [34_676],
    262: [32_845],
    277: [3],
    278: [height],
    339: [2, 2, 2],
  };
  await expectColours(buildTiff([{ tags, strips: [Buffer.from(rows.flat())] }]), rgbColours, 45);
});

describe('what no decoder supports is unsupported, not damaged and not black', () => {
  test.each<[string, Plan]>([
    ['64-bit floats', { ...light, write: 'f64' }],
    ['signed numbers', { ...sRgb16, write: 'i16' }],
    ['signed bytes', { photometric: 1, samples: ({ rgb }) => [rgb[0] - 128], write: 'i8' }],
    ['32-bit numbers', { ...sRgb, write: 'u32', samples: ({ rgb }) => rgb.map((byte) => byte * 2 ** 24) }],
    ['16-bit float grey', { photometric: 1, samples: ({ rgb }) => [linear(rgb[0])], write: 'f16' }],
    ['complex numbers', { photometric: 1, samples: () => [1], write: 'f64', tags: { 339: [6] } }],
    ['six channels', { photometric: 2, samples: ({ rgb }) => [...rgb, ...rgb], write: 'u8' }],
    ['grey of three channels', { photometric: 1, samples: ({ rgb }) => rgb, write: 'u8' }],
    ['tiles with each channel apart', { ...sRgb, planar: true, tile: 16 }],
    ['YCbCr that is not JPEG', { photometric: 6, samples: ({ rgb }) => rgb, write: 'u8' }],
    ['LogL', { photometric: 32_844, samples: () => [1], write: 'i16', tags: { 259: [34_676] } }],
    ['an unknown photometric', { ...sRgb, photometric: 1234 }],
    ['a mask and nothing else', { photometric: 4, samples: () => [1], write: 'u8' }],
    ...[6, 33_003, 34_712, 34_887, 34_925, 34_933, 50_000, 50_002, 52_546, 12_345].map(
      (compression): [string, Plan] => [
        `compression ${compression}`,
        { ...sRgb, tags: { 259: [compression] } },
      ],
    ),
  ])('%s', async (_name, plan) => {
    const error = await mediaErrorOf(show(picture(plan)));
    expect(error).toMatchObject({ code: 'unsupported', width, height });
  });

  test('12 bits', async () => {
    const tags = { 256: [width], 257: [height], 258: [12], 259: [1], 262: [1], 277: [1], 278: [height] };
    const error = await mediaErrorOf(
      show(buildTiff([{ tags, strips: [Buffer.alloc(width * height * 1.5)] }])),
    );
    expect(error.code).toBe('unsupported');
  });
});

describe('half of a picture is damaged', () => {
  test.each<[string, Plan]>([
    ['without compression', { ...sRgb, compress: (bytes) => bytes.subarray(0, bytes.length / 2) }],
    [
      'compressed',
      {
        ...sRgb16,
        tags: { 259: [8] },
        compress: (bytes) => {
          const compressed = deflateSync(bytes, { level: 0 });
          return compressed.fill(0xff, Math.floor(compressed.length / 2));
        },
      },
    ],
  ])('%s', async (_name, plan) => {
    const error = await mediaErrorOf(show(picture(plan)));
    expect(error).toMatchObject({ code: 'undecodable', width, height });
  });
});
