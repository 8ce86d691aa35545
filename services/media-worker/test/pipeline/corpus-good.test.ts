import { expect, test } from '@jest/globals';
import sharp from 'sharp';
import { thumbHashToAverageRGBA } from 'thumbhash';
import type { ProcessedPhoto } from '../../src/pipeline/index.js';
import { describeWithPhotos, type Expected, expected, manifest, photo } from './corpus.js';
import { meanColour, openPipeline } from './support.js';

/** Camera RAW is measured by its header, since the preview inside may be smaller. */
function expectedSize(
  name: string,
  facts: Expected,
): { width?: number | undefined; height?: number | undefined } {
  const raw = name.startsWith('good/raw/');
  const [width, height] = raw
    ? [facts.ImageWidth, facts.ImageHeight]
    : [facts.DecodedWidth, facts.DecodedHeight];
  // HEIC and AVIF turn the picture themselves, whatever the EXIF orientation says.
  const turned =
    (facts.Orientation ?? 1) >= 5 && (facts.Orientation ?? 1) <= 8 && !/\/(heic|avif)\//.test(name);
  return turned ? { width: height, height: width } : { width, height };
}

function expectedDate(facts: Expected): Date | undefined {
  const written = facts.DateTimeOriginal ?? facts.CreateDate;
  const [, date, time, ownOffset] = /^(\S{10}) (\S{8})(?:\.\d+)?(.*)$/.exec(written ?? '') ?? [];
  if (!date || !time) return undefined;
  const offset = ownOffset || facts.OffsetTimeOriginal || facts.OffsetTime || 'Z';
  return new Date(`${date.replaceAll(':', '-')}T${time}${offset}`);
}

function expectMetadata({ metadata }: ProcessedPhoto, facts: Expected): void {
  const text = (value: string | number | undefined) =>
    value === undefined ? undefined : String(value).trim() || undefined;
  expect(metadata.cameraMake).toBe(text(facts.Make));
  expect(metadata.cameraModel).toBe(text(facts.Model));
  const { GPSLatitude: lat, GPSLongitude: lon, Orientation: turn = 0 } = facts;
  const located = lat !== undefined && lon !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  expect(metadata.locationLat !== undefined).toBe(located);
  if (located) expect(metadata.locationLat).toBeCloseTo(lat, 6);
  if (located) expect(metadata.locationLon).toBeCloseTo(lon, 6);
  expect(metadata.orientation).toBe(turn >= 1 && turn <= 8 ? turn : undefined);
  expect({ width: metadata.width, height: metadata.height }).toEqual({
    width: facts.ImageWidth,
    height: facts.ImageHeight,
  });
  const date = expectedDate(facts);
  expect(metadata.capturedAt?.toISOString().slice(0, 19)).toBe(date?.toISOString().slice(0, 19));
}

async function expectPreviews(processed: ProcessedPhoto, rawPreview: boolean): Promise<void> {
  const { previews, width, height } = processed;
  expect(previews.map(({ variant }) => variant)).toEqual(['thumb', 'medium']);
  for (const preview of previews) {
    const side = preview.variant === 'thumb' ? 300 : 1080;
    const header = await sharp(preview.data).metadata();
    expect(header).toMatchObject({ format: 'jpeg', width: preview.width, height: preview.height });
    for (const kept of ['exif', 'xmp', 'iptc', 'icc', 'orientation'] as const)
      expect(header[kept]).toBeUndefined();
    // A camera RAW's own preview may be smaller, and of the monitor's shape instead of the sensor's.
    if (rawPreview) continue;
    const scale = Math.min(1, side / Math.max(width, height));
    expect(Math.abs(preview.width - width * scale)).toBeLessThanOrEqual(1);
    expect(Math.abs(preview.height - height * scale)).toBeLessThanOrEqual(1);
  }
}

async function expectPlaceholder({ placeholder, previews }: ProcessedPhoto): Promise<void> {
  const { r, g, b, a } = thumbHashToAverageRGBA(Buffer.from(placeholder, 'base64'));
  const overWhite = [r, g, b].map((value) => 255 * (value * a + 1 - a));
  const mean = await meanColour(previews[0]?.data ?? Buffer.alloc(0));
  // A hash spends 4 to 6 bits on each mean, and transparency is averaged apart from colour.
  for (const [index, value] of mean.entries())
    expect(Math.abs((overWhite[index] ?? 0) - value)).toBeLessThan(32);
}

const names = ['good/', 'dupes/', 'sidecar/', 'takeout/']
  .flatMap((folder) => manifest(folder))
  .filter(({ name, referenceResult }) => referenceResult === 'ok' && !name.startsWith('good/metadata-only/'));

describeWithPhotos('every good photo', () => {
  const pipeline = openPipeline();

  test.each(names)('$name', async ({ name, mimeType }) => {
    const facts = expected()[name] ?? {};
    const processed = await pipeline.process({ path: photo(name), mimeType });

    expect({ width: processed.width, height: processed.height }).toEqual(expectedSize(name, facts));
    expectMetadata(processed, facts);
    await expectPreviews(processed, name.startsWith('good/raw/'));
    await expectPlaceholder(processed);
  });

  test('there are some hundred of them', () => expect(names.length).toBeGreaterThan(100));
});
