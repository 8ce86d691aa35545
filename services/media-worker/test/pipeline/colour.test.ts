import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { codedPicture, gridFile, nclx } from './heif-files.js';
import { fields, largestDifference, openPipeline, temporaryFolder } from './support.js';

const pipeline = openPipeline();
const folder = temporaryFolder();
const inputs = fileURLToPath(new URL('./inputs', import.meta.url));
const field = fileURLToPath(new URL('../../../../../shared/field/hdr-pq-heic-avif', import.meta.url));

async function shown(file: string | Buffer, mimeType: string, columns = 2, rows = 2): Promise<number[][]> {
  const path = typeof file === 'string' ? file : join(folder, 'picture');
  if (typeof file !== 'string') writeFileSync(path, file);
  const { previews } = await pipeline.process({ path, mimeType });
  return fields(previews[1]?.data ?? Buffer.alloc(0), columns, rows);
}

const grey = (...values: number[]) => values.map((value) => [value, value, value]);

/** Four fields, each a colour of one or of two bytes a sample. */
function fourFields(colours: number[][], bytes: 1 | 2): Buffer {
  const side = 32;
  const pixels = Buffer.alloc(4 * side * side * 3 * bytes);
  for (let pixel = 0; pixel < 4 * side * side; pixel++) {
    const [x, y] = [pixel % (2 * side), Math.floor(pixel / (2 * side))];
    const colour = colours[(y < side ? 0 : 2) + (x < side ? 0 : 1)] ?? [];
    colour.forEach((value, channel) => {
      pixels.writeUIntBE(value, (pixel * 3 + channel) * bytes, bytes);
    });
  }
  return pixels;
}

/** A PNG with further chunks before its pixels. PNG keeps 16-bit samples in network order. */
function png(colours: number[][], bytes: 1 | 2, ...chunks: Buffer[]): Buffer {
  const header = Buffer.from([0, 0, 0, 64, 0, 0, 0, 64, 8 * bytes, 2, 0, 0, 0]);
  const pixels = fourFields(colours, bytes);
  const row = 64 * 3 * bytes;
  const filtered = Array.from({ length: 64 }, (_, y) =>
    Buffer.concat([Buffer.from([0]), pixels.subarray(y * row, (y + 1) * row)]),
  );
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...chunks,
    chunk('IDAT', deflateSync(Buffer.concat(filtered))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

const cicp = (primaries: number, transfer: number, fullRange = 1) =>
  chunk('cICP', Buffer.from([primaries, transfer, 0, fullRange]));

/** What the primaries of sRGB and a grey are called in Display P3. */
const srgbInP3 = [
  [234, 51, 35],
  [117, 251, 76],
  [0, 0, 245],
  [128, 128, 128],
];
const srgbPrimaries = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [128, 128, 128],
];
/** Light of 0.05, 0.2, 1 and 0.5 of diffuse white (203 candela per square metre) in PQ, and its sRGB. */
const pqGreys = [0.3058, 0.4269, 0.5807, 0.5103];
const srgbOfGreys = grey(63, 124, 255, 188);

describe('HEIC described by code points', () => {
  test.each([
    ['Display P3', 'p3.heic', srgbPrimaries],
    ['PQ no brighter than white', 'pq10.heic', grey(63, 124, 255, 255)],
    ['HLG no brighter than white', 'hlg10.heic', srgbOfGreys],
  ])('%s is shown as it looks', async (_, file, expected) => {
    expect(largestDifference(await shown(join(inputs, file), 'image/heic'), expected)).toBeLessThanOrEqual(5);
  });

  test('PQ with highlights keeps the shadows, and white is darker than the highlights', async () => {
    const [dark = [], mid = [], white = [], highlight = []] = await shown(
      join(inputs, 'pqhigh.heic'),
      'image/heic',
    );
    expect(largestDifference([dark, mid], grey(63, 124))).toBeLessThanOrEqual(4);
    expect(white[1]).toBeGreaterThan(200);
    expect(white[1]).toBeLessThan(245);
    expect(highlight[1]).toBeGreaterThan(250);
  });
});

describe('AVIF described by code points', () => {
  const avif = async (colours: number[][], description: Buffer) => {
    const raw = { width: 64, height: 64, channels: 3 } as const;
    const coded = await sharp(fourFields(colours, 1), { raw })
      .avif({ quality: 95, chromaSubsampling: '4:4:4', effort: 0 })
      .toBuffer();
    return gridFile(codedPicture(coded), { columns: 1, rows: 1, properties: [description] });
  };

  test.each([
    ['Display P3', srgbInP3, nclx(12, 13, 6), srgbPrimaries],
    ['PQ', grey(...pqGreys.map((sample) => Math.round(255 * sample))), nclx(9, 16, 6), srgbOfGreys],
    ['sRGB', srgbPrimaries, nclx(1, 13, 6), srgbPrimaries],
    ['unspecified', srgbPrimaries, nclx(2, 2, 6), srgbPrimaries],
  ])('%s is shown as it looks', async (_, colours, description, expected) => {
    const picture = await avif(colours, description);
    expect(largestDifference(await shown(picture, 'image/avif'), expected)).toBeLessThanOrEqual(12);
  });
});

describe('PNG described by code points', () => {
  test.each([
    ['Display P3', png(srgbInP3, 1, cicp(12, 13)), srgbPrimaries],
    [
      'PQ of 16 bits',
      png(grey(...pqGreys.map((sample) => Math.round(65_535 * sample))), 2, cicp(9, 16)),
      srgbOfGreys,
    ],
    ['linear', png(grey(13, 51, 255, 128), 1, cicp(1, 8)), srgbOfGreys],
    ['video range', png(grey(16, 235, 126, 16), 1, cicp(1, 13, 0)), grey(0, 255, 128, 0)],
  ])('%s is shown as it looks', async (_, picture, expected) => {
    expect(largestDifference(await shown(picture, 'image/png'), expected)).toBeLessThanOrEqual(5);
  });

  test('uses the code points even if there is an ICC profile', async () => {
    const { icc = Buffer.alloc(0) } = await sharp({
      create: { width: 1, height: 1, channels: 3, background: '#000' },
    })
      .withIccProfile('p3')
      .png()
      .toBuffer()
      .then((picture) => sharp(picture).metadata());
    const profile = chunk('iCCP', Buffer.concat([Buffer.from('P3\0\0', 'latin1'), deflateSync(icc)]));
    const colours = grey(10, 200, 30, 90);
    colours[0] = [200, 40, 40];
    const both = await shown(png(colours, 1, cicp(1, 13), profile), 'image/png');
    expect(largestDifference(both, colours)).toBeLessThanOrEqual(3);
    const profileAlone = await shown(png(colours, 1, profile), 'image/png');
    expect(largestDifference(profileAlone, colours)).toBeGreaterThan(15);
  });
});

interface FieldCheck {
  file: string;
  tolerance: number;
  preview: { srgb: number[][] };
}

const checks: FieldCheck[] = existsSync(field)
  ? JSON.parse(readFileSync(join(field, 'expected.json'), 'utf8')).checks
  : [];

for (const { file, tolerance, preview } of checks) {
  test(`${file} of public reports is shown in its colours`, async () => {
    const colours = await shown(join(field, file), file.endsWith('avif') ? 'image/avif' : 'image/heic', 4, 2);
    expect(largestDifference(colours, preview.srgb)).toBeLessThanOrEqual(Math.min(tolerance, 6));
  });
}
