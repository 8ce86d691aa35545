import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { ProcessedPhoto } from '../../src/pipeline/index.js';
import { fromPixels, renderPixels } from '../../src/pipeline/render/render-pixels.js';
import { describeWithPhotos, photo } from './corpus.js';
import { difference, fourCorners, openPipeline, temporaryFolder } from './support.js';

const orientations = [1, 2, 3, 4, 5, 6, 7, 8];
const limits = { maxPixels: 1e8, timeoutMs: 300_000 };
const medium = (processed: ProcessedPhoto) => processed.previews[1]?.data ?? Buffer.alloc(0);

/** The pixels that a camera held in the given way stores, tagged so that they are shown as `upright` again. */
async function storedAs(upright: Buffer, orientation: number): Promise<Buffer> {
  const inverse = [0, 1, 2, 3, 4, 5, 8, 7, 6][orientation] ?? 1;
  const tagged = await sharp(upright).withMetadata({ orientation: inverse }).png().toBuffer();
  return sharp(tagged).autoOrient().png().toBuffer();
}

describe('generated pictures', () => {
  const pipeline = openPipeline();
  const folder = temporaryFolder();

  test.each(orientations)('a JPEG tagged %i is shown upright', async (orientation) => {
    const upright = await fourCorners(400, 300);
    const path = join(folder, `tagged-${orientation}.jpg`);
    const stored = await storedAs(upright, orientation);
    writeFileSync(path, await sharp(stored).withMetadata({ orientation }).jpeg().toBuffer());

    const processed = await pipeline.process({ path, mimeType: 'image/jpeg' });
    expect(processed).toMatchObject({ width: 400, height: 300, metadata: { orientation } });
    expect(await difference(medium(processed), upright)).toBeLessThan(4);
  });

  test.each(orientations)('orientation %i from outside of the bytes is applied', async (orientation) => {
    const upright = await fourCorners(400, 300);
    const input = await storedAs(upright, orientation);
    const pixels = await renderPixels({ input, orientation, width: 400, height: 300 }, limits);
    expect(await difference(await fromPixels(pixels).png().toBuffer(), upright)).toBeLessThan(4);
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

  test('an orientation that does not exist is left alone', async () => {
    const processed = await process('recurser__Landscape_0.jpg');
    expect(processed).toMatchObject({ width: 1800, height: 1200 });
    expect(processed.metadata.orientation).toBeUndefined();
  });
});
