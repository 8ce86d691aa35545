import { expect, test } from '@jest/globals';
import sharp from 'sharp';
import { thumbHashToAverageRGBA } from 'thumbhash';
import type { ProcessedPhoto } from '../../src/pipeline/types.js';
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
  // Decoders of HEIC and AVIF rotate the picture, regardless of the EXIF orientation.
  const turned = (facts.Orientation ?? 1) >= 5 && (facts.Orientation ?? 1) <= 8 && !isHeif(name);
  return turned ? { width: height, height: width } : { width, height };
}

/** Where the date or its zone is in other tags than the ones in `expected.json`. */
const otherDates: Record<string, string> = {
  // Satellites, or the last change alone.
  'good/heic/exif-samples__HMD_Nokia_8.3_5G_hdr.heif': '2022-01-12T07:30:14',
  'good/jpeg/exif-samples__67-0_length_string.jpg': '2016-09-12T10:05:31',
  'good/jpeg/exif-samples__Canon_40D_photoshop_import.jpg': '2008-07-31T10:05:49',
  'good/jpeg/exifr__xmp depth map.jpg': '2014-06-21T08:03:25',
  'good/tiff/exif-samples__Crémieux11.tiff': '2012-01-09T22:52:11',
  'good/tiff/exif-samples__DudleyLeavittUtah.tiff': '2009-09-26T01:11:52',
  // XMP DateCreated, before XMP CreateDate.
  'good/jpeg/exif-samples__long_description.jpg': '2003-08-31T00:00:00',
  'good/jpeg/exifr__BonTonARTSTORplusIPTC.jpg': '2007-11-19T08:00:00',
  // The zone is in the maker notes.
  'good/jpeg/exif-samples__32-lens_data.jpeg': '2012-07-14T13:30:12',
  'good/jpeg/exif-samples__Nikon_D70.jpg': '2008-03-15T13:52:01',
  // The zone is in XMP.
  'good/jpeg/exif-samples__Pentax_K10D.jpg': '2008-05-04T07:47:24',
  'good/jpeg/exif-samples__jolla.jpg': '2014-09-21T14:00:56',
  'good/jpeg/sharp__Channel_digital_image_CMYK_color.jpg': '2004-03-20T12:54:55',
  // The zone is the difference to the satellites.
  'good/jpeg/exif-samples__iphone_hdr_YES.jpg': '2015-04-10T18:12:23',
  'good/jpeg/exifr__IMG_20180725_163423.jpg': '2018-07-25T14:34:23',
  'good/jpeg/go-exif__gps.jpg': '2018-04-29T01:23:12',
  'good/jpeg/photoprism__altitude.jpg': '2013-08-25T11:54:05',
  'good/jpeg/photoprism__digikam.jpg': '2020-10-17T15:48:24',
  'good/jpeg/photoprism__huawei-gps-error.jpg': '2020-06-16T16:52:46',
  'good/jpeg/photoprism__ship.jpg': '2019-05-12T15:13:53',
  'good/tiff/photoprism__example.tif': '2015-11-20T03:20:30',
  'dupes/photoprism__IMG_4120 (1).JPG': '2019-06-09T10:57:32',
  'dupes/photoprism__IMG_4120 copy.JPG': '2019-06-09T10:57:32',
  'dupes/photoprism__IMG_4120.JPG': '2019-06-09T10:57:32',
  'dupes/photoprism__IMG_E4120.JPG': '2019-06-09T10:57:32',
};

function expectedDate(name: string, facts: Expected): string | undefined {
  const written = facts.DateTimeOriginal ?? facts.CreateDate;
  const [, date, time, ownOffset] = /^(\S{10}) (\S{8})(?:\.\d+)?(.*)$/.exec(written ?? '') ?? [];
  if (otherDates[name] || !date || !time) return otherDates[name];
  const offset = ownOffset || facts.OffsetTimeOriginal || facts.OffsetTime || 'Z';
  return new Date(`${date.replaceAll(':', '-')}T${time}${offset}`).toISOString().slice(0, 19);
}

/** HEIC and AVIF turn the picture themselves: whatever EXIF says, there is nothing to turn. */
function expectedOrientation(name: string, { Orientation = 0 }: Expected): number | undefined {
  return Orientation >= 1 && Orientation <= (isHeif(name) ? 1 : 8) ? Orientation : undefined;
}

const isHeif = (name: string) => /\/(heic|avif)\//.test(name);

function expectMetadata(name: string, { metadata }: ProcessedPhoto, facts: Expected): void {
  const text = (value: string | number | undefined) =>
    value === undefined ? undefined : String(value).trim() || undefined;
  expect(metadata.cameraMake).toBe(text(facts.Make));
  expect(metadata.cameraModel).toBe(text(facts.Model));
  const { GPSLatitude: lat, GPSLongitude: lon } = facts;
  const located = lat !== undefined && lon !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  expect(metadata.locationLat !== undefined).toBe(located);
  if (located) expect(metadata.locationLat).toBeCloseTo(lat, 6);
  if (located) expect(metadata.locationLon).toBeCloseTo(lon, 6);
  expect(metadata.orientation).toBe(expectedOrientation(name, facts));
  expect({ width: metadata.width, height: metadata.height }).toEqual({
    width: facts.ImageWidth,
    height: facts.ImageHeight,
  });
  expect(metadata.capturedAt?.toISOString().slice(0, 19)).toBe(expectedDate(name, facts));
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
    expectMetadata(name, processed, facts);
    await expectPreviews(processed, name.startsWith('good/raw/'));
    await expectPlaceholder(processed);
  });

  test('there are more than a hundred of them', () => expect(names.length).toBeGreaterThan(100));
});
