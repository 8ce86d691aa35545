import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { fromPixels, renderPixels } from '../../src/pipeline/render/render-pixels.js';
import type { ProcessedPhoto } from '../../src/pipeline/types.js';
import { describeWithPhotos, photo } from './corpus.js';
import { describeWithField, fieldChecks, fieldFile } from './field.js';
import {
  difference,
  fourCorners,
  limits,
  mediaErrorOf,
  openPipeline,
  temporaryFolder,
  withPipeline,
} from './support.js';
import { addPngChunks, type Format, pngChunk, writeTags } from './tagged.js';

const orientations = [1, 2, 3, 4, 5, 6, 7, 8];
const medium = (processed: ProcessedPhoto) => processed.previews[1]?.data ?? Buffer.alloc(0);

/** The pixels that a camera held in the given way stores, tagged so that they are shown as `upright` again. */
async function storedAs(upright: Buffer, orientation: number): Promise<Buffer> {
  const inverse = [0, 1, 2, 3, 4, 5, 8, 7, 6][orientation] ?? 1;
  const tagged = await sharp(upright).withMetadata({ orientation: inverse }).png().toBuffer();
  return sharp(tagged).autoOrient().png().toBuffer();
}

/** The picture of a client that decodes the original and rotates its pixels by the orientation in the metadata. */
async function turnedByClient(path: string, { metadata }: ProcessedPhoto): Promise<Buffer> {
  const decoded = await sharp(path, { failOn: 'truncated' }).toColourspace('srgb').png().toBuffer();
  const { orientation = 1 } = metadata;
  const stored = await sharp(decoded).withMetadata({ orientation }).png().toBuffer();
  return sharp(stored).autoOrient().png().toBuffer();
}

async function expectWhatClientsSee(path: string, processed: ProcessedPhoto): Promise<void> {
  const seen = await turnedByClient(path, processed);
  expect(await sharp(seen).metadata()).toMatchObject({ width: processed.width, height: processed.height });
  expect(await difference(medium(processed), seen)).toBeLessThan(6);
}

describe('generated pictures', () => {
  const pipeline = openPipeline();
  const folder = temporaryFolder();
  const process = (path: string) => pipeline.process({ path, mimeType: 'image/jpeg' });

  /** 400 x 300, its pixels stored as a camera held in the given way stores them, without a tag. */
  async function storedPicture(orientation: number, format: Format): Promise<string> {
    const path = join(folder, `${crypto.randomUUID()}.${format}`);
    const stored = await storedAs(await fourCorners(400, 300), orientation);
    writeFileSync(
      path,
      await sharp(stored)
        .toFormat(format, format === 'avif' ? { effort: 0 } : {})
        .toBuffer(),
    );
    return path;
  }

  test.each(
    (['jpeg', 'png', 'webp', 'tiff'] as const).flatMap((format) =>
      orientations.map((n) => [format, n] as const),
    ),
  )('a %s tagged %i is shown upright', async (format, orientation) => {
    const path = await storedPicture(orientation, format);
    await writeTags(path, [`IFD0:Orientation=${orientation}`]);

    const processed = await process(path);
    expect(processed).toMatchObject({ width: 400, height: 300, metadata: { orientation } });
    expect(await difference(medium(processed), await fourCorners(400, 300))).toBeLessThan(6);
    await expectWhatClientsSee(path, processed);
  });

  test.each(orientations)(
    'an AVIF is turned by its container, and EXIF %i does not count',
    async (orientation) => {
      const path = await storedPicture(1, 'avif');
      await writeTags(path, [`IFD0:Orientation=${orientation}`]);
      const plain = await process(path);
      expect(plain).toMatchObject({ width: 400, height: 300 });
      expect(plain.metadata.orientation ?? 1).toBe(1);
      await expectWhatClientsSee(path, plain);

      const stored = await storedAs(await fourCorners(400, 300), orientation);
      writeFileSync(path, await sharp(stored).withMetadata({ orientation }).avif({ effort: 0 }).toBuffer());
      const turned = await process(path);
      expect(turned).toMatchObject({ width: 400, height: 300 });
      expect(turned.metadata.orientation ?? 1).toBe(1);
      expect(await difference(medium(turned), await fourCorners(400, 300))).toBeLessThan(6);
      await expectWhatClientsSee(path, turned);
    },
  );

  test.each(
    (['jpeg', 'png', 'webp', 'tiff', 'avif'] as const).flatMap((format) =>
      [0, 9, 65_535].map((n) => [format, n] as const),
    ),
  )('a %s with the orientation %i, which there is not, is left alone', async (format, orientation) => {
    const path = await storedPicture(1, format);
    await writeTags(path, [`IFD0:Orientation=${orientation}`]);
    const processed = await process(path);
    expect(processed).toMatchObject({ width: 400, height: 300 });
    expect(processed.metadata.orientation).toBeUndefined();
    await expectWhatClientsSee(path, processed);
  });

  /** An EXIF block of one entry, Orientation (TIFF 6.0, section 2). */
  const exif = (orientation: number, type = 3) =>
    Buffer.from(
      `49492a000800000001001201${type.toString(16).padStart(2, '0')}0001000000${orientation.toString(16).padStart(2, '0')}00000000000000`,
      'hex',
    );
  const rawProfile = deflateSync(
    `\nexif\n${exif(6).length + 6}\n${Buffer.concat([Buffer.from('Exif\0\0'), exif(6)]).toString('hex')}\n`,
  );

  test.each<[string, Format, (path: string) => Promise<void> | void]>([
    ['in the directory of the thumbnail', 'jpeg', (path) => writeTags(path, ['IFD1:Orientation=6'])],
    ['in XMP', 'jpeg', (path) => writeTags(path, ['XMP-tiff:Orientation=6'])],
    ['in XMP of a PNG', 'png', (path) => writeTags(path, ['XMP-tiff:Orientation=6'])],
    [
      'in XMP against EXIF',
      'jpeg',
      (path) => writeTags(path, ['XMP-tiff:Orientation=6', 'IFD0:Orientation=3']),
    ],
    [
      'in the thumbnail against the picture',
      'jpeg',
      (path) => writeTags(path, ['IFD1:Orientation=6', 'IFD0:Orientation=8']),
    ],
    [
      'in EXIF after the pixels of a PNG',
      'png',
      (path) => addPngChunks(path, [pngChunk('eXIf', exif(6))], 'after'),
    ],
    ['in EXIF before the pixels of a PNG', 'png', (path) => addPngChunks(path, [pngChunk('eXIf', exif(6))])],
    ['as text', 'png', (path) => addPngChunks(path, [pngChunk('eXIf', exif(0x36, 2))])],
    [
      'in a text chunk of a PNG',
      'png',
      (path) =>
        addPngChunks(path, [
          pngChunk('zTXt', Buffer.concat([Buffer.from('Raw profile type exif\0\0'), rawProfile])),
        ]),
    ],
  ])('an orientation %s is told as far as it is applied', async (_, format, tag) => {
    const path = await storedPicture(1, format);
    await tag(path);
    await expectWhatClientsSee(path, await process(path));
  });

  test('a picture that cannot be shown is reported with the orientation of its size', async () => {
    const path = await storedPicture(6, 'jpeg');
    await writeTags(path, ['IFD0:Orientation=6']);
    const error = await withPipeline({ maxPixels: 1000 }, (small) =>
      mediaErrorOf(small.process({ path, mimeType: 'image/jpeg' })),
    );
    expect(error).toMatchObject({ code: 'too_large', width: 400, height: 300, metadata: { orientation: 6 } });

    const thumbnail = await storedPicture(6, 'jpeg');
    await writeTags(thumbnail, ['IFD1:Orientation=6']);
    const other = await withPipeline({ maxPixels: 1000 }, (small) =>
      mediaErrorOf(small.process({ path: thumbnail, mimeType: 'image/jpeg' })),
    );
    expect(other).toMatchObject({ code: 'too_large', width: 300, height: 400 });
    expect(other.metadata.orientation).toBeUndefined();
  });

  test.each(orientations)(
    'orientation %i from metadata outside of the bytes is applied',
    async (orientation) => {
      const upright = await fourCorners(400, 300);
      const input = await storedAs(upright, orientation);
      const pixels = await renderPixels({ input, orientation, width: 400, height: 300 }, limits);
      expect(await difference(await fromPixels(pixels).png().toBuffer(), upright)).toBeLessThan(4);
    },
  );
});

describeWithField('reported files', () => {
  const pipeline = openPipeline();

  test.each(fieldChecks('orientation-not-applied'))('$file', async ({ file, rule, width, height }) => {
    const path = fieldFile('orientation-not-applied', file);
    const processed = await pipeline.process({ path, mimeType: 'image/jpeg' });
    await expectWhatClientsSee(path, processed);
    if (rule === 'consistent') return;
    expect(processed).toMatchObject({ width, height });
    expect(processed.metadata.orientation ?? 1).toBe(1);
  });
});

describeWithPhotos('real pictures', () => {
  const pipeline = openPipeline();
  const process = (name: string) =>
    pipeline.process({ path: photo(`good/orientation/${name}`), mimeType: 'image/jpeg' });

  test.each(['recurser__Landscape_', 'exif-samples__portrait_'])('%s1 to 8 look alike', async (series) => {
    const reference = await process(`${series}1.jpg`);
    for (const orientation of orientations.slice(1)) {
      const processed = await process(`${series}${orientation}.jpg`);
      expect([processed.width, processed.height]).toEqual([reference.width, reference.height]);
      // Each has its number painted in the middle.
      expect(await difference(medium(processed), medium(reference))).toBeLessThan(4);
    }
  });

  test('an orientation that does not exist is ignored', async () => {
    const processed = await process('recurser__Landscape_0.jpg');
    expect(processed).toMatchObject({ width: 1800, height: 1200 });
    expect(processed.metadata.orientation).toBeUndefined();
  });
});
