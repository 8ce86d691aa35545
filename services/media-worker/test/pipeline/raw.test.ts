import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import { describeWithPhotos, photo } from './corpus.js';
import { difference, fourCorners, mediaErrorOf, openPipeline, temporaryFolder } from './support.js';

const scratchDir = temporaryFolder();
const folder = temporaryFolder();
const pipeline = openPipeline({ scratchDir });

describeWithPhotos('camera RAW', () => {
  const canon = { path: photo('good/raw/photoprism__canon_eos_6d.dng'), mimeType: 'image/x-adobe-dng' };
  const exiftool = new ExifTool({ maxProcs: 1 });
  afterAll(() => exiftool.end());

  test('is shown by the largest JPEG in it', async () => {
    const processed = await pipeline.process(canon);
    expect(processed).toMatchObject({
      width: 1224,
      height: 816,
      metadata: { cameraModel: 'Canon EOS 6D', lensModel: 'EF24-105mm f/4L IS USM', iso: 1000 },
      previews: [
        { width: 300, height: 200 },
        { variant: 'medium', width: 1024, height: 683 },
      ],
    });
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('has the orientation of the RAW if its JPEG has none', async () => {
    const path = join(folder, 'turned.dng');
    copyFileSync(canon.path, path);
    await exiftool.write(path, { 'Orientation#': 6 } as object, ['-overwrite_original']);
    const [upright, turned] = [await pipeline.process(canon), await pipeline.process({ ...canon, path })];
    expect(turned).toMatchObject({ width: 816, height: 1224, metadata: { orientation: 6 } });
    const [, before] = upright.previews;
    const [, after] = turned.previews;
    if (!before || !after) throw new Error('no previews');
    expect(await difference(after.data, await sharp(before.data).rotate(90).toBuffer())).toBeLessThan(3);
  });

  test.each([
    ['what the RAW says counts', 1200, 800, 1, 90],
    ['the turn that the JPEG also asks for is made once', 1200, 800, 6, 90],
    ['a JPEG that is upright already is not turned', 800, 1200, 1, 0],
  ])(
    'with a JPEG that has an orientation of its own: %s',
    async (_, width, height, ownOrientation, degrees) => {
      const [path, jpeg] = [join(folder, 'own.dng'), join(folder, 'own.jpg')];
      const grain = { type: 'gaussian', mean: 0, sigma: 30 } as const;
      const corners = await sharp(await fourCorners(width, height))
        .composite([
          {
            input: { create: { width, height, channels: 3, noise: grain, background: '#000' } },
            blend: 'add',
          },
        ])
        .png()
        .toBuffer();
      writeFileSync(
        jpeg,
        await sharp(corners).withMetadata({ orientation: ownOrientation }).jpeg().toBuffer(),
      );
      copyFileSync(canon.path, path);
      await exiftool.write(path, {}, ['-overwrite_original', '-Orientation#=6', `-PreviewImage<=${jpeg}`]);

      const processed = await pipeline.process({ ...canon, path });
      expect(processed).toMatchObject({ width: 816, height: 1224, metadata: { orientation: 6 } });
      const shown = processed.previews[1]?.data ?? Buffer.alloc(0);
      expect(await difference(shown, await sharp(corners).rotate(degrees).toBuffer())).toBeLessThan(6);
    },
  );

  test('without a JPEG is shown by the small TIFF in it', async () => {
    const path = photo('good/raw/gpth-j__RAW_NIKON_D1.NEF');
    const processed = await pipeline.process({ path, mimeType: 'image/x-nikon-nef' });
    expect(processed).toMatchObject({ width: 2012, height: 1324, metadata: { cameraModel: 'NIKON D1' } });
    expect(processed.previews[1]).toMatchObject({ width: 160, height: 120 });
  });

  test('with a broken JPEG fails, keeps its metadata and leaves nothing behind', async () => {
    const path = join(folder, 'broken.dng');
    const bytes = readFileSync(canon.path);
    // The header and the first lines of the largest JPEG stay as they are.
    const scan = bytes.indexOf('ffda', 145_584, 'hex');
    bytes.fill(0xff, scan + 2_000, 145_584 + 57_901);
    writeFileSync(path, bytes);
    const error = await mediaErrorOf(pipeline.process({ ...canon, path }));
    expect(error).toMatchObject({ code: 'undecodable', metadata: { cameraModel: 'Canon EOS 6D' } });
    expect(readdirSync(scratchDir)).toEqual([]);
  });
});

test('a file that only claims to be a camera RAW is unsupported', async () => {
  const path = join(folder, 'fake.cr2');
  writeFileSync(path, 'II*\0 nothing of the kind');
  expect((await mediaErrorOf(pipeline.process({ path, mimeType: 'image/x-canon-cr2' }))).code).toBe(
    'unsupported',
  );
});
