import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { MediaError } from '../../src/pipeline/errors.js';
import { describeWithPhotos, manifest, photo } from './corpus.js';
import { mediaErrorOf, openPipeline, temporaryFolder } from './support.js';

/** Holds the size in pixels of the pictures below, and nearly no pixels. */
const HEADER_BYTES = 1024;

describeWithPhotos('bad files', () => {
  const pipeline = openPipeline({ taskTimeoutMs: 300_000 });
  const temporary = temporaryFolder();
  const files = [...manifest('bad/'), ...manifest('good/metadata-only/')];
  const unreadable = files.filter(({ referenceResult }) => referenceResult !== 'ok');
  const readable = files.filter(({ referenceResult }) => referenceResult === 'ok');

  test.each(unreadable)('$name fails because of the file', async ({ name, mimeType }) => {
    const error = await mediaErrorOf(pipeline.process({ path: photo(name), mimeType }));
    expect(['undecodable', 'too_large']).toContain(error.code);
  });

  test.each(readable)('$name is processed or fails cleanly', async ({ name, mimeType }) => {
    const outcome = await pipeline.process({ path: photo(name), mimeType }).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(MediaError);
    else expect(outcome).toMatchObject({ previews: [{ variant: 'thumb' }, { variant: 'medium' }] });
  });

  test('a picture with broken metadata is shown', async () => {
    const name = 'bad/goexif__infinite_loop_exif.jpg';
    const processed = await pipeline.process({ path: photo(name), mimeType: 'image/jpeg' });
    expect(processed).toMatchObject({ width: 8, height: 8 });
  });

  test('a truncated JPEG keeps its metadata and size', async () => {
    const path = photo('bad/made__truncated-40pct.jpg');
    const error = await mediaErrorOf(pipeline.process({ path, mimeType: 'image/jpeg' }));
    expect(error).toMatchObject({ code: 'undecodable', width: 3264, height: 2448 });
    expect(error.metadata).toMatchObject({
      cameraMake: 'Jolla',
      // EXIF has no zone; XMP has one beside the same reading of the clock.
      capturedAt: new Date('2014-09-21T14:00:56Z'),
    });
  });

  test('a truncated HEIC is not shown with holes, and keeps its metadata and size', async () => {
    const path = photo('bad/made__truncated-60pct.HEIC');
    const error = await mediaErrorOf(pipeline.process({ path, mimeType: 'image/heic' }));
    expect(error).toMatchObject({ code: 'undecodable', width: 3024, height: 4032 });
    expect(error.metadata).toMatchObject({ cameraModel: 'iPhone 13 Pro Max' });
    expect(error.metadata).not.toHaveProperty('orientation');
  });

  test.each([
    ['bad/sharp__giant-image.jpg', 20_000, 14_000],
    ['bad/sharp__65536-uint32-limit.png', 65_536, 65_536],
  ])('%s is refused before it is decoded', async (name, width, height) => {
    const error = await mediaErrorOf(pipeline.process({ path: photo(name), mimeType: 'image/jpeg' }));
    expect(error).toMatchObject({ code: 'too_large', width, height });

    // Decoding would find that nearly all of this copy is missing.
    const header = join(temporary, basename(name));
    await writeFile(header, (await readFile(photo(name))).subarray(0, HEADER_BYTES));
    const again = await mediaErrorOf(pipeline.process({ path: header, mimeType: 'image/jpeg' }));
    expect(again).toMatchObject({ code: 'too_large', width, height });
  });
});
