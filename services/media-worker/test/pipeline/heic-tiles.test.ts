import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { createCanvas } from '../../src/pipeline/heic/canvas.js';
import type { ProcessedPhoto } from '../../src/pipeline/types.js';
import { codedPicture, cropping, type GridOptions, gridFile, mirroring, rotation } from './heif-files.js';
import { difference, mediaErrorOf, openPipeline, temporaryFolder, withPipeline } from './support.js';

const pipeline = openPipeline();
const folder = temporaryFolder();
const tilePath = fileURLToPath(new URL('./inputs/tile8.heic', import.meta.url));
/** 64 x 64, of four colours. */
const tile = codedPicture(readFileSync(tilePath));
const field = fileURLToPath(new URL('../../../../../shared/field/heic-many-items', import.meta.url));

function write(file: Buffer): string {
  const path = join(folder, 'grid.heic');
  writeFileSync(path, file);
  return path;
}

const processGrid = (options: GridOptions): Promise<ProcessedPhoto> =>
  pipeline.process({ path: write(gridFile(tile, options)), mimeType: 'image/heic' });

const mediumOf = (processed: ProcessedPhoto): Buffer => processed.previews[1]?.data ?? Buffer.alloc(0);

/** What a grid of the same tile shows, made without HEIC. */
async function drawn(columns: number, rows: number, width: number, height: number): Promise<Buffer> {
  const half = 32;
  const colours = ['#dc1e1e', '#1ec81e', '#1e1edc', '#e6e628'];
  const fields = await Promise.all(
    colours.map((background) =>
      sharp({ create: { width: half, height: half, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const single = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000' } })
    .composite(
      fields.map((input, index) => ({ input, left: half * (index % 2), top: half * Math.floor(index / 2) })),
    )
    .png()
    .toBuffer();
  const whole = sharp({
    create: { width: columns * 64, height: rows * 64, channels: 3, background: '#000' },
  });
  const all = await whole
    .composite([{ input: single, tile: true, gravity: 'northwest' }])
    .png()
    .toBuffer();
  return sharp(all).extract({ left: 0, top: 0, width, height }).png().toBuffer();
}

describe('a HEIC photo of tiles', () => {
  test.each([
    [30, 10, '300 tiles, more than libheif reads by default', 1080, 360],
    [45, 25, '1125 tiles', 1080, 600],
  ])('%i x %i: %s', async (columns, rows, _, width, height) => {
    const processed = await processGrid({ columns, rows });
    expect(processed).toMatchObject({ width: columns * 64, height: rows * 64 });
    expect(processed.previews[1]).toMatchObject({ width, height });
    expect(
      await difference(mediumOf(processed), await drawn(columns, rows, columns * 64, rows * 64)),
    ).toBeLessThan(6);
  });

  const padded = { columns: 5, rows: 3, width: 300, height: 170 };

  test.each<[string, Buffer[], (upright: Sharp) => Sharp]>([
    ['as it is', [], (picture) => picture],
    ['rotated by 90 degrees', [rotation(1)], (picture) => picture.rotate(270)],
    ['rotated by 180 degrees', [rotation(2)], (picture) => picture.rotate(180)],
    ['rotated by 270 degrees', [rotation(3)], (picture) => picture.rotate(90)],
    ['mirrored left and right', [mirroring(1)], (picture) => picture.flop()],
    ['mirrored up and down', [mirroring(0)], (picture) => picture.flip()],
    [
      'cropped',
      [cropping(200, 100)],
      (picture) => picture.extract({ left: 50, top: 35, width: 200, height: 100 }),
    ],
  ])('whose last tiles are not full, %s', async (_, properties, turn) => {
    const expected = await turn(sharp(await drawn(5, 3, 300, 170)))
      .png()
      .toBuffer();
    const processed = await processGrid({ ...padded, properties });
    const { width, height } = await sharp(expected).metadata();
    expect([processed.width, processed.height]).toEqual([width, height]);
    expect(await difference(mediumOf(processed), expected)).toBeLessThan(8);
  });

  test('with too many items is too large, not damaged', async () => {
    const error = await mediaErrorOf(processGrid({ columns: 200, rows: 90 }));
    expect(error.code).toBe('too_large');
  });

  test('that lacks its last tiles is damaged', async () => {
    const whole = gridFile(tile, { columns: 6, rows: 4 });
    const path = write(whole.subarray(0, whole.length - 40));
    expect((await mediaErrorOf(pipeline.process({ path, mimeType: 'image/heic' }))).code).toBe('undecodable');
  });

  test('that the decoder cannot hold is too large', async () => {
    const path = tilePath;
    const error = await withPipeline({ maxMemoryBytes: 10_000 }, (small) =>
      mediaErrorOf(small.process({ path, mimeType: 'image/heic' })),
    );
    expect(error).toMatchObject({ code: 'too_large', width: 64, height: 64 });
  });

  test('keeps the decoder; one that has to be decoded as a whole ends it, since its memory would never shrink', async () => {
    const others = decoderThreads();
    await withPipeline({}, async (decoding) => {
      const processFile = (file: Buffer) => decoding.process({ path: write(file), mimeType: 'image/heic' });
      const tiled = { columns: 60, rows: 40 };
      await processFile(gridFile(tile, tiled));
      expect(decoderThreads()).toBe(others + 1);
      const whole = await processFile(gridFile(tile, { ...tiled, properties: [cropping(3800, 2500)] }));
      expect(whole).toMatchObject({ width: 3800, height: 2500 });
      expect(decoderThreads()).toBe(others);
    });
  });
});

/** The number of worker threads of this process. */
function decoderThreads(): number {
  const names = readdirSync('/proc/self/task').map((id) =>
    readFileSync(`/proc/self/task/${id}/comm`, 'utf8'),
  );
  return names.filter((name) => name.trim() === 'WorkerThread').length;
}

describe('an AVIF photo', () => {
  const avifTile = async () =>
    codedPicture(
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#3080c0' } })
        .avif()
        .toBuffer(),
    );

  test('of 300 tiles is shown', async () => {
    const path = write(gridFile(await avifTile(), { columns: 30, rows: 10 }));
    expect(await pipeline.process({ path, mimeType: 'image/avif' })).toMatchObject({
      width: 1920,
      height: 640,
    });
  });

  test('that the decoder cannot hold is too large', async () => {
    const path = write(gridFile(await avifTile(), { columns: 90, rows: 60 }));
    const error = await withPipeline({ maxMemoryBytes: 5760 * 3840 }, (small) =>
      mediaErrorOf(small.process({ path, mimeType: 'image/avif' })),
    );
    expect(error).toMatchObject({ code: 'too_large', width: 5760, height: 3840 });
  });
});

describe('the canvas', () => {
  test('has the mean of each square, for all sizes and orders of tiles', () => {
    const size = fc.integer({ min: 1, max: 40 });
    const property = fc.property(
      fc.record({ width: size, height: size, shrink: fc.integer({ min: 1, max: 16 }), tileSide: size }),
      fc.constantFrom(8 as const, 16 as const),
      fc.integer({ min: 0, max: 1000 }),
      ({ width, height, shrink, tileSide }, bitsPerSample, seed) => {
        const sample = (x: number, y: number, channel: number) =>
          (x * 7919 + y * 104_729 + channel * 31 + seed) % 2 ** bitsPerSample;
        const canvas = createCanvas({ width, height, channels: 3, bitsPerSample, shrink, pixelOffset: 64 });
        const tiles = [];
        for (let y = 0; y < height; y += tileSide)
          for (let x = 0; x < width; x += tileSide) tiles.push({ x, y });
        for (const { x, y } of seed % 2 ? tiles.reverse() : tiles) {
          const samples = new (bitsPerSample === 8 ? Uint8Array : Uint16Array)(tileSide * tileSide * 3);
          samples.forEach((_, index) => {
            const pixel = Math.floor(index / 3);
            samples[index] = sample(x + (pixel % tileSide), y + Math.floor(pixel / tileSide), index % 3);
          });
          canvas.draw({ samples, stride: tileSide * 3, width: tileSide, height: tileSide, x, y });
        }
        const { buffer, pixelOffset, ...result } = canvas.finish();
        expect(result).toMatchObject({
          width: Math.ceil(width / shrink),
          height: Math.ceil(height / shrink),
        });
        const pixels = new (bitsPerSample === 8 ? Uint8Array : Uint16Array)(buffer, pixelOffset);
        pixels.forEach((value, index) => {
          const [column, row] = [Math.floor(index / 3) % result.width, Math.floor(index / 3 / result.width)];
          const square: number[] = [];
          for (let y = row * shrink; y < Math.min((row + 1) * shrink, height); y++)
            for (let x = column * shrink; x < Math.min((column + 1) * shrink, width); x++)
              square.push(sample(x, y, index % 3));
          const mean = square.reduce((sum, part) => sum + part, 0) / square.length;
          expect(Math.abs(value - mean)).toBeLessThanOrEqual(0.5);
        });
      },
    );
    fc.assert(property, { numRuns: 50 });
  });
});

interface FieldCheck {
  file: string;
  width: number;
  height: number;
}

const checks: FieldCheck[] = existsSync(field)
  ? JSON.parse(readFileSync(join(field, 'expected.json'), 'utf8')).checks
  : [];

for (const { file, width, height } of checks) {
  test(`${file} of public reports is shown`, async () => {
    const processed = await pipeline.process({ path: join(field, file), mimeType: 'image/heic' });
    expect(processed).toMatchObject({ width, height });
    expect(processed.previews[1]?.width).toBe(1080);
  });
}
