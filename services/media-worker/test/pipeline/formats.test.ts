import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from 'thumbhash';
import type { ProcessedPhoto } from '../../src/pipeline/types.js';
import {
  difference,
  fourCorners,
  meanColour,
  mediaErrorOf,
  openPipeline,
  temporaryFolder,
  withPipeline,
} from './support.js';

const pipeline = openPipeline();
const folder = temporaryFolder();

async function processPicture(name: string, picture: Sharp | Buffer, mimeType = 'image/jpeg') {
  const path = join(folder, name);
  writeFileSync(path, Buffer.isBuffer(picture) ? picture : await picture.toBuffer());
  return pipeline.process({ path, mimeType });
}

const mediumOf = (processed: ProcessedPhoto): Buffer => processed.previews[1]?.data ?? Buffer.alloc(0);
const plain = (width: number, height: number, background: string, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background } });
const corners = await fourCorners(1600, 1200);

describe('formats', () => {
  test.each<[string, string, Sharp]>([
    ['baseline.jpg', 'image/jpeg', sharp(corners).jpeg()],
    ['progressive.jpg', 'image/jpeg', sharp(corners).jpeg({ progressive: true })],
    ['interlaced.png', 'image/png', sharp(corners).png({ progressive: true })],
    ['16-bit.png', 'image/png', sharp(corners).toColourspace('rgb16').png()],
    ['palette.gif', 'image/gif', sharp(corners).gif()],
    ['lossless.webp', 'image/webp', sharp(corners).webp({ lossless: true })],
    ['still.avif', 'image/avif', sharp(corners).avif({ effort: 0 })],
    ['lzw.tif', 'image/tiff', sharp(corners).tiff({ compression: 'lzw' })],
    ['cmyk.jpg', 'image/jpeg', sharp(corners).toColourspace('cmyk').jpeg()],
    ['p3.png', 'image/png', sharp(corners).withIccProfile('p3').png()],
    ['wrong-name.heic', 'image/heic', sharp(corners).jpeg()],
  ])('%s is shown as it looks', async (name, mimeType, picture) => {
    const processed = await processPicture(name, picture, mimeType);
    expect(processed).toMatchObject({ width: 1600, height: 1200 });
    expect(processed.previews).toMatchObject([
      { variant: 'thumb', contentType: 'image/jpeg', width: 300, height: 225 },
      { variant: 'medium', contentType: 'image/jpeg', width: 1080, height: 810 },
    ]);
    // CMYK cannot hold the brightest of screen colours.
    expect(await difference(mediumOf(processed), corners)).toBeLessThan(name.startsWith('cmyk') ? 30 : 6);
  });

  test('grey pictures stay grey, with and without transparency', async () => {
    for (const [name, picture] of [
      ['grey.jpg', plain(50, 40, '#606060').toColourspace('b-w').jpeg()],
      ['grey.png', plain(50, 40, '#606060').toColourspace('b-w').png()],
      ['grey-alpha.png', plain(50, 40, '#606060', 4).toColourspace('b-w').png()],
    ] as const) {
      const processed = await processPicture(name, picture);
      const { r, g, b } = thumbHashToAverageRGBA(Buffer.from(processed.placeholder, 'base64'));
      for (const value of [r, g, b]) expect(value * 255).toBeCloseTo(0x60, -1.5);
      for (const value of await meanColour(mediumOf(processed))) expect(value).toBeCloseTo(0x60, -0.5);
    }
  });

  test('white shows through transparent pictures', async () => {
    const processed = await processPicture('clear.png', plain(64, 64, '#ff000000', 4).png());
    for (const value of await meanColour(mediumOf(processed))) expect(value).toBeGreaterThan(250);
  });

  test('animations and files of many pages show the first', async () => {
    const frames = ['#ff0000', '#00ff00', '#0000ff'].map((colour) => plain(60, 40, colour).png().toBuffer());
    const join = { join: { animated: true } } as const;
    for (const [name, picture] of [
      ['animated.gif', sharp(await Promise.all(frames), join).gif()],
      ['animated.webp', sharp(await Promise.all(frames), join).webp()],
      ['pages.tif', sharp(await Promise.all(frames), join).tiff()],
    ] as const) {
      const processed = await processPicture(name, picture);
      expect([name, processed.width, processed.height]).toEqual([name, 60, 40]);
      const [red, green] = await meanColour(mediumOf(processed));
      expect(red).toBeGreaterThan(240);
      expect(green).toBeLessThan(15);
    }
  });

  test('an SVG is refused under every media type', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>');
    const error = await mediaErrorOf(processPicture('drawing.png', svg, 'image/png'));
    expect(error.code).toBe('unsupported');
  });
});

describe('sizes', () => {
  test.each([
    [1, 10_000, 1, 300, 1, 1080],
    [10_000, 1, 300, 1, 1080, 1],
    [1, 1, 1, 1, 1, 1],
    [299, 100, 299, 100, 299, 100],
    [1081, 1080, 300, 300, 1080, 1079],
  ])('%i x %i', async (width, height, thumbWidth, thumbHeight, mediumWidth, mediumHeight) => {
    const processed = await processPicture(`${width}x${height}.png`, plain(width, height, '#123456').png());
    expect(processed).toMatchObject({
      width,
      height,
      previews: [
        { width: thumbWidth, height: thumbHeight },
        { width: mediumWidth, height: mediumHeight },
      ],
    });
    expect(processed.placeholder).not.toBe('');
  });

  test('a picture over the limit is refused', async () => {
    const path = join(folder, 'limit.png');
    writeFileSync(path, await plain(101, 100, '#000').png().toBuffer());
    const error = await withPipeline({ maxPixels: 10_000 }, (small) =>
      mediaErrorOf(small.process({ path, mimeType: 'image/png' })),
    );
    expect(error).toMatchObject({
      code: 'too_large',
      width: 101,
      height: 100,
      metadata: { width: 101, height: 100 },
    });
  });
});

describe('previews and placeholder', () => {
  test('hold no metadata', async () => {
    const exif = {
      IFD0: { Make: 'Secretmake' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 51/1 30/1' },
    };
    const tagged = sharp(corners)
      .withExif(exif)
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">Secretxmp</x:xmpmeta>');
    const processed = await processPicture('secret.jpg', tagged.jpeg());

    expect(readFileSync(join(folder, 'secret.jpg')).includes('Secretmake')).toBe(true);
    expect(processed.metadata.cameraMake).toBe('Secretmake');
    for (const { data } of processed.previews) {
      for (const trace of ['Exif', 'Secret', 'GPS', 'xmp']) expect(data.includes(trace)).toBe(false);
      const header = await sharp(data).metadata();
      expect(header.exif ?? header.xmp ?? header.iptc ?? header.icc).toBeUndefined();
    }
  });

  test('the placeholder has the colour and the shape of the picture', async () => {
    const { placeholder } = await processPicture('teal.jpg', plain(800, 400, '#108080').jpeg());
    const hash = Buffer.from(placeholder, 'base64');
    const { r, g, b } = thumbHashToAverageRGBA(hash);
    for (const [value, wanted] of [
      [r, 0x10],
      [g, 0x80],
      [b, 0x80],
    ] as const) {
      expect(Math.abs(value * 255 - wanted)).toBeLessThan(16);
    }
    expect(Math.abs(thumbHashToApproximateAspectRatio(hash) - 2)).toBeLessThan(0.5);
  });
});
