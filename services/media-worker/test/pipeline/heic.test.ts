import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import sharp from 'sharp';
import { ProcessorUnavailableError } from '../../src/pipeline/errors.js';
import { HeicDecoder } from '../../src/pipeline/heic/heic-decoder.js';
import { wrapAsTiff } from '../../src/pipeline/heic/tiff.js';
import { describeWithPhotos, expected, filesIn, photo } from './corpus.js';
import { limits, meanColour, mediaErrorOf, openPipeline, withPipeline } from './support.js';

const iphone = 'good/heic/exif-samples__iphone_13_pro_max.HEIC';
const file = { path: photo(iphone), mimeType: 'image/heic' };

describeWithPhotos('HEIC', () => {
  const pipeline = openPipeline();

  test.each(filesIn('good/heic'))('%s is rotated once', async (name) => {
    const facts = expected()[name];
    const processed = await pipeline.process({ path: photo(name), mimeType: 'image/heic' });
    expect([processed.width, processed.height]).toEqual([facts?.DecodedWidth, facts?.DecodedHeight]);
    const medium = processed.previews[1];
    const landscape = processed.width > processed.height;
    expect((medium?.width ?? 0) > (medium?.height ?? 0)).toBe(landscape);
  });

  test('is recognized by its bytes', async () => {
    const processed = await pipeline.process({ path: photo(iphone), mimeType: 'image/jpeg' });
    expect(processed).toMatchObject({ width: 3024, height: 4032 });
  });

  test('with too many pixels is refused before it is decoded', async () => {
    const decoder = new HeicDecoder({ ...limits, maxPixels: 12e6 });
    expect((await mediaErrorOf(decoder.decode(photo(iphone)))).code).toBe('too_large');
    await decoder.close();
    const error = await withPipeline({ maxPixels: 12e6 }, (small) => mediaErrorOf(small.process(file)));
    expect(error).toMatchObject({ code: 'too_large', width: 3024, height: 4032 });
    expect(error.metadata.cameraModel).toBe('iPhone 13 Pro Max');
  });

  test('concurrent decodes run one after the other', async () => {
    const decoder = new HeicDecoder(limits);
    const names = ['good/heic/exif-samples__samplefilehub.heif', 'good/heic/exifr__heic-single.heic'];
    const decoded = await Promise.all([...names, ...names].map((name) => decoder.decode(photo(name))));
    expect(decoded.map(({ width }) => width)).toEqual([640, 1440, 640, 1440]);
    await decoder.close();
  });

  test('that takes too long is stopped, and the next one works', async () => {
    const decoder = new HeicDecoder({ ...limits, timeoutMs: 250 });
    expect((await mediaErrorOf(decoder.decode(photo(iphone)))).code).toBe('timed_out');
    await decoder.close();
    const error = await withPipeline({ taskTimeoutMs: 20 }, (hasty) => mediaErrorOf(hasty.process(file)));
    expect(error.code).toBe('timed_out');
    await expect(pipeline.process(file)).resolves.toBeDefined();
  });

  test('is not the cause when the decoder cannot load what it needs', async () => {
    const decoder = new HeicDecoder(
      limits,
      undefined,
      new URL('data:text/javascript,throw new Error("gone")'),
    );
    await expect(decoder.decode(photo(iphone))).rejects.toBeInstanceOf(ProcessorUnavailableError);
    await decoder.close();
  });

  test('stops in the middle when aborted', async () => {
    const reason = new Error('shutting down');
    const decoder = new HeicDecoder(limits);
    for (const begin of [
      (signal: AbortSignal) => pipeline.process(file, signal),
      // Within a turn of the event loop it has the file, and cannot have decoded it.
      (signal: AbortSignal) => decoder.decode(photo(iphone), signal),
    ]) {
      const abort = new AbortController();
      const stopped = expect(begin(abort.signal)).rejects.toBe(reason);
      await nextTurn();
      abort.abort(reason);
      await stopped;
    }
    await decoder.close();
    await expect(pipeline.process(file)).resolves.toBeDefined();
  });
});

test.each([3, 4] as const)(
  'pixels with %i channels and a wide-gamut profile keep their colour',
  async (channels) => {
    const { icc } = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
      .then((png) => sharp(png).metadata());
    if (!icc) throw new Error('no profile');
    const pixelOffset = 4096 + icc.length;
    const buffer = new ArrayBuffer(pixelOffset + 20 * 10 * channels);
    // Display P3's name for the reddest red of sRGB.
    const red = [234, 51, 35, 255].slice(0, channels);
    new Uint8Array(buffer, pixelOffset).forEach((_, index, pixels) => {
      pixels[index] = red[index % channels] ?? 0;
    });
    const pixels = { buffer, pixelOffset, width: 20, height: 10, channels, bitsPerSample: 8 } as const;
    const tiff = wrapAsTiff(pixels, icc);
    const png = await sharp(tiff).toColourspace('srgb').png().toBuffer();
    const [r, g, b] = await meanColour(png);
    expect(r).toBeGreaterThan(250);
    expect(g).toBeLessThan(8);
    expect(b).toBeLessThan(8);
    expect(await sharp(tiff).metadata()).toMatchObject({ width: 20, height: 10, channels });
  },
);
