import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import sharp from 'sharp';
import { MetadataTool } from '../../src/pipeline/metadata/exiftool.js';
import { locationOf } from '../../src/pipeline/metadata/location.js';
import { TAG_ARGUMENTS } from '../../src/pipeline/metadata/tags.js';
import { describeWithField, fieldChecks, fieldFile } from './field.js';
import { temporaryFolder } from './support.js';
import { pictureWithXmp, taggedPicture } from './tagged.js';

const folder = temporaryFolder();
const tool = new MetadataTool({ taskTimeoutMs: 60_000 });
afterAll(() => tool.close());

const placeOf = async (path: string) => locationOf(await tool.readTags(path, TAG_ARGUMENTS));
const near = (lat: number, lon: number) => ({ lat: expect.closeTo(lat, 5), lon: expect.closeTo(lon, 5) });

const coordinates = ['GPS:GPSLatitude=34.05343', 'GPS:GPSLongitude=58.38244'];
const exif = (lat: string | undefined, lon: string | undefined) =>
  taggedPicture(folder, [
    ...coordinates,
    ...(lat === undefined ? [] : [`GPS:GPSLatitudeRef=${lat}`]),
    ...(lon === undefined ? [] : [`GPS:GPSLongitudeRef=${lon}`]),
  ]);

describe('in EXIF', () => {
  test.each([
    ['N', 'E', 34.05343, 58.38244],
    ['S', 'W', -34.05343, -58.38244],
    ['S', 'E', -34.05343, 58.38244],
    ['s', 'w', -34.05343, -58.38244],
  ])('%s and %s name the hemispheres', async (lat, lon, ...expected) => {
    expect(await placeOf(await exif(lat, lon))).toEqual(near(...expected));
  });

  test.each([
    ['S', undefined],
    [undefined, 'W'],
    [undefined, undefined],
    ['?', 'W'],
    ['E', 'W'],
  ])('%j and %j leave it open where', async (lat, lon) => {
    expect(await placeOf(await exif(lat, lon))).toBeUndefined();
  });

  test.each(['South', 'S ', 'south', 'S\0'])('%j is south', async (south) => {
    const path = join(folder, 'words.jpg');
    const gps = {
      GPSLatitude: '34/1 3/1 0/1',
      GPSLongitude: '58/1 22/1 0/1',
      GPSLatitudeRef: south,
      GPSLongitudeRef: 'West',
    };
    const picture = sharp({ create: { width: 80, height: 60, channels: 3, background: '#775533' } });
    writeFileSync(path, await picture.withExif({ IFD3: gps }).jpeg().toBuffer());
    expect(await placeOf(path)).toEqual(near(-34.05, -58.366667));
  });

  test('a location without hemispheres is taken from XMP', async () => {
    const path = await pictureWithXmp(folder, {
      'exif:GPSLatitude': '34,3.2058S',
      'exif:GPSLongitude': '58,22.9464W',
    });
    expect(await placeOf(path)).toEqual(near(-34.05343, -58.38244));
  });

  const written = (lat: unknown, lon: unknown, latRef: unknown = 'S', lonRef: unknown = 'W') =>
    locationOf({
      'Composite:ExifLatitude': lat,
      'Composite:ExifLongitude': lon,
      'EXIF:GPSLatitudeRef': latRef,
      'EXIF:GPSLongitudeRef': lonRef,
    });

  test('a sign is applied once, and ignored if it contradicts the reference', () => {
    expect(written('-34 -3 -12.348', '-58 -22 -56.784')).toEqual(near(-34.05343, -58.38244));
    expect(written('-34.05343', '58.38244')).toEqual(near(-34.05343, -58.38244));
    expect(written('-34.05343', '-58.38244', undefined, undefined)).toEqual(near(-34.05343, -58.38244));
    expect(written('-34.05343', '58.38244', 'N', 'E')).toBeUndefined();
  });

  test.each([
    ['0 0 0', '0 0 0'],
    ['90.0001', '0 1 0'],
    ['1', '180.1'],
    ['122 25 0', '37 47 0'],
    ['inf', '1'],
    ['37 30 undef', '1'],
    ['37/0', '1'],
    ['NaN', '1'],
    ['37 99 0', '1'],
    ['', ''],
    [undefined, '1'],
    [['1'], { a: 1 }],
  ])('%j, %j is not a location', (lat, lon) => expect(written(lat, lon)).toBeUndefined());

  test('the poles and the date line are locations', () => {
    expect(written('90', '180', 'N', 'W')).toEqual({ lat: 90, lon: -180 });
    expect(written('0', '6.61', 'S', 'E')).toEqual({ lat: 0, lon: 6.61 });
    expect(written('37 47 43.08', '58 23 30', 'N\0', 'E\0')).toEqual(near(37.7953, 58.391667));
  });
});

describe('in XMP', () => {
  const xmp = (lat: string, lon: string, more: Record<string, string> = {}) =>
    pictureWithXmp(folder, { 'exif:GPSLatitude': lat, 'exif:GPSLongitude': lon, ...more });
  const refs = (lat: string, lon: string) => ({ 'exif:GPSLatitudeRef': lat, 'exif:GPSLongitudeRef': lon });

  test.each([
    ['37,47.718S', '58,23.5W', -37.7953, -58.391667],
    ['37,47.718s', '58,23.5e', -37.7953, 58.391667],
    ['37,47,43.08N', '58,23,30W', 37.7953, -58.391667],
    ['37.7953 South', '58.391667 West', -37.7953, -58.391667],
    ['37 deg 47\' 43.08" S', '58 deg 23\' 30.00" W', -37.7953, -58.391667],
    ['37 deg 47\' 43.08" N', '144 deg 58\' 31.08" E', 37.7953, 144.9753],
    ['37 degrees 47.718 min South', '58 degrees 23 minutes 30 seconds West', -37.7953, -58.391667],
    ['37° 47′ 43.08″ S', '58° 23′ 30″ W', -37.7953, -58.391667],
    ['48.85', '-2.35', 48.85, -2.35],
    ['-37.7953', '144.9753', -37.7953, 144.9753],
    ['37.7953', '-122.4', 37.7953, -122.4],
    ['+37.7953', '+122.4', 37.7953, 122.4],
    ['-37,47.718', '-58,23.5', -37.7953, -58.391667],
  ])('%s, %s is there', async (lat, lon, ...expected) => {
    expect(await placeOf(await xmp(lat, lon))).toEqual(near(...expected));
  });

  test.each([
    ['South', 'East'],
    ['S', 'E'],
    ['s', 'e'],
  ])('%s and %s beside it name the hemispheres', async (lat, lon) => {
    expect(await placeOf(await xmp('37,47.718', '144,58.518', refs(lat, lon)))).toEqual(
      near(-37.7953, 144.9753),
    );
    expect(await placeOf(await xmp('-37.7953', '144.9753', refs(lat, lon)))).toEqual(
      near(-37.7953, 144.9753),
    );
  });

  test.each([
    ['37,47.718S', '144,58.518'],
    ['-37.7953N', '144.9753E'],
    ['37,47.718E', '144,58.518N'],
    ['137,47.718S', '44,58.518E'],
    ['37 deg 47\' 43.08"', '144 deg 58\' 31.08"'],
  ])('%s, %s is not a location', async (lat, lon) => {
    expect(await placeOf(await xmp(lat, lon))).toBeUndefined();
  });

  // South and west also look like this when a program drops the letters, which copies of EXIF's numbers do.
  test.each([
    ['37,47.718', '144,58.518'],
    ['48.85', '2.35'],
  ])('%s, %s is not a location, since the numbers may be unsigned', async (lat, lon) => {
    expect(await placeOf(await xmp(lat, lon))).toBeUndefined();
  });
});

test('in QuickTime it is signed', () => {
  const at = (coordinates: string) => locationOf({ 'QuickTime:GPSCoordinates': coordinates });
  expect(at('-37.7953 144.9753 12')).toEqual(near(-37.7953, 144.9753));
  expect(at('-37.7953')).toBeUndefined();
  expect(at('0 0 0')).toBeUndefined();
});

test('for every file it is on the Earth, and in the hemisphere that the file names', () => {
  const pieces = fc.constantFrom(
    ...['37', '144', '.', ',', ' ', '/', '-', '+', 'N', 's', 'E', 'west', '0', 'inf', '°', 'e-5'],
  );
  const value = fc.oneof(
    fc.array(pieces).map((parts) => parts.join('')),
    fc.string(),
    fc.double(),
    fc.constant(undefined),
  );
  const ref = fc.constantFrom('N', 's', 'E', 'West', '', undefined, 7);
  fc.assert(
    fc.property(value, value, value, value, ref, ref, (a, b, c, d, latRef, lonRef) => {
      const place = locationOf({
        'Composite:ExifLatitude': a,
        'Composite:ExifLongitude': b,
        'Composite:XmpLatitude': c,
        'Composite:XmpLongitude': d,
        'EXIF:GPSLatitudeRef': latRef,
        'EXIF:GPSLongitudeRef': lonRef,
      });
      if (!place) return;
      expect(Math.abs(place.lat)).toBeLessThanOrEqual(90);
      expect(Math.abs(place.lon)).toBeLessThanOrEqual(180);
    }),
    { numRuns: 2_000 },
  );
  const degrees = fc.integer({ min: 0, max: 89_999 }).map((thousandths) => thousandths / 1000);
  fc.assert(
    fc.property(
      degrees,
      degrees,
      fc.constantFrom('N', 'S'),
      fc.constantFrom('E', 'W'),
      (lat, lon, latRef, lonRef) => {
        const place = locationOf({
          'Composite:ExifLatitude': String(lat),
          'Composite:ExifLongitude': String(lon),
          'EXIF:GPSLatitudeRef': latRef,
          'EXIF:GPSLongitudeRef': lonRef,
        });
        if (lat === 0 && lon === 0) return expect(place).toBeUndefined();
        expect(place).toEqual({
          lat: (latRef === 'S' ? -1 : 1) * lat || 0,
          lon: (lonRef === 'W' ? -1 : 1) * lon || 0,
        });
      },
    ),
  );
});

describeWithField('reported files', () => {
  test.each(fieldChecks('gps-hemisphere'))('$file', async ({ file, locationLat = 0, locationLon = 0 }) => {
    const place = await placeOf(fieldFile('gps-hemisphere', file));
    if (place === undefined) return expect(String(locationLon)).toContain('no location at all');
    expect(place).toEqual(near(locationLat, Number.parseFloat(String(locationLon))));
  });
});
