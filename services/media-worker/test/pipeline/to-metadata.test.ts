import { describe, expect, test } from '@jest/globals';
import type { RawTags } from '../../src/pipeline/metadata/tags.js';
import { toMetadata } from '../../src/pipeline/metadata/to-metadata.js';

const now = new Date('2025-06-01T12:00:00Z');
const read = (tags: RawTags) => toMetadata(tags, now);
const capturedAt = (tags: RawTags) => read(tags).capturedAt?.toISOString();

describe('capturedAt', () => {
  const date = '2021:04:11 15:47:53';

  test('is the wall clock as UTC when the camera wrote no offset', () => {
    expect(capturedAt({ 'EXIF:DateTimeOriginal': date })).toBe('2021-04-11T15:47:53.000Z');
  });

  test.each([
    ['-05:00', '2021-04-11T20:47:53.000Z'],
    ['+05:45', '2021-04-11T10:02:53.000Z'],
    ['+14:00', '2021-04-11T01:47:53.000Z'],
    ['Z', '2021-04-11T15:47:53.000Z'],
    ['+15:00', '2021-04-11T15:47:53.000Z'],
    ['+01:75', '2021-04-11T15:47:53.000Z'],
    ['   :  ', '2021-04-11T15:47:53.000Z'],
  ])('takes the offset %s as far as there is such a zone', (offset, utc) => {
    expect(capturedAt({ 'EXIF:DateTimeOriginal': date, 'EXIF:OffsetTimeOriginal': offset })).toBe(utc);
  });

  test('prefers the offset of the same date to the general one', () => {
    const tags = { 'EXIF:DateTimeOriginal': date, 'EXIF:OffsetTime': '+02:00' };
    expect(capturedAt(tags)).toBe('2021-04-11T13:47:53.000Z');
    expect(capturedAt({ ...tags, 'EXIF:OffsetTimeOriginal': '+01:00' })).toBe('2021-04-11T14:47:53.000Z');
  });

  test.each([
    ['054', '053.054Z'],
    ['5', '053.500Z'],
    ['695326', '053.695Z'],
    ['', '053.000Z'],
    ['x1', '053.000Z'],
  ])('reads the fraction %j after the decimal point', (fraction, end) => {
    const tags = { 'EXIF:DateTimeOriginal': date, 'EXIF:SubSecTimeOriginal': fraction };
    expect(capturedAt(tags)).toBe(`2021-04-11T15:47:${end.slice(1)}`);
  });

  test('prefers the date of capture to that of digitisation, and EXIF to others', () => {
    const tags = {
      'XMP:CreateDate': '2004:01:01 00:00:00',
      'EXIF:CreateDate': '2003:01:01 00:00:00',
      'XMP:DateTimeOriginal': '2002:01:01 00:00:00+01:00',
      'EXIF:DateTimeOriginal': '2001:01:01 00:00:00',
    };
    const years: (string | undefined)[] = [];
    for (const key of Object.keys(tags).reverse()) {
      years.push(capturedAt(tags)?.slice(0, 4));
      Object.assign(tags, { [key]: '0000:00:00 00:00:00' });
    }
    expect(years).toEqual(['2001', '2001', '2003', '2004']);
  });

  test.each([
    '0000:00:00 00:00:00',
    '    :  :     :  :  ',
    '2021:02:30 00:00:00',
    '2021:13:01 00:00:00',
    '1825:12:31 23:59:59',
    '2025:06:02 12:00:01',
    '2099:08:12 19:59:29',
    'yesterday',
    ' ',
  ])('ignores %j', (wrong) => {
    expect(capturedAt({ 'EXIF:DateTimeOriginal': wrong })).toBeUndefined();
    expect(capturedAt({ 'EXIF:DateTimeOriginal': wrong, 'EXIF:CreateDate': date })).toBeDefined();
  });

  test('accepts a clock that is a day fast, old photographs and dates without a time', () => {
    expect(capturedAt({ 'EXIF:DateTimeOriginal': '2025:06:02 12:00:00' })).toBeDefined();
    expect(capturedAt({ 'EXIF:DateTimeOriginal': '1826:06:01 12:00:00' })).toBeDefined();
    expect(capturedAt({ 'XMP:CreateDate': '1999:12:31' })).toBe('1999-12-31T00:00:00.000Z');
  });
});

describe('text', () => {
  const make = (value: unknown) => read({ 'EXIF:Make': value }).cameraMake;

  test.each([
    ['  Canon\0\0', 'Canon'],
    ['Ca\u0007n\u001bon', 'Canon'],
    ['\u202egnihton', 'gnihton'],
    [6120, '6120'],
    ['007', '007'],
    ['株式会社', '株式会社'],
    [' \0 ', undefined],
    ['', undefined],
    [{}, undefined],
    [true, undefined],
  ])('%j becomes %j', (value, text) => expect(make(value)).toBe(text));

  test('is cut between characters', () => {
    expect(make('📷'.repeat(10_000))).toBe('📷'.repeat(256));
    expect(make('x'.repeat(5_000_000))?.length).toBe(256);
  });

  test('the lens comes from EXIF or from the maker notes, unless these are ambiguous', () => {
    const lens = (id: unknown) => read({ 'Composite:LensID': id }).lensModel;
    expect(lens('EF100mm f/2.8 Macro USM')).toBe('EF100mm f/2.8 Macro USM');
    expect(lens('Canon EF 85mm f/1.2L II USM or Rokinon SP 85mm f/1.2')).toBeUndefined();
    expect(lens('Unknown (29)')).toBeUndefined();
    expect(lens(237)).toBeUndefined();
    expect(read({ 'EXIF:LensModel': 'A', 'Composite:LensID': 'B' }).lensModel).toBe('A');
  });
});

describe('numbers', () => {
  test('are used if they are plausible', () => {
    const tags = {
      'EXIF:FNumber': '2.8',
      'EXIF:ExposureTime': '0.0007788161994',
      'EXIF:ISO': '50',
      'EXIF:FocalLength': '4.28',
      'EXIF:Orientation': '6',
    };
    expect(read(tags)).toEqual({
      fNumber: 2.8,
      exposureTime: 0.0007788161994,
      iso: 50,
      focalLength: 4.28,
      orientation: 6,
    });
  });

  test.each([['0'], ['-1'], ['inf'], ['undef'], ['1e308'], ['NaN'], [''], [null], [[2]]])(
    '%j is absent',
    (value) => {
      const names = ['FNumber', 'ExposureTime', 'ISO', 'FocalLength', 'Orientation'];
      expect(read(Object.fromEntries(names.map((name) => [`EXIF:${name}`, value])))).toEqual({});
    },
  );

  test.each(['0', '9', '1.5', '65535'])('orientation %s is absent', (value) => {
    expect(read({ 'EXIF:Orientation': value })).toEqual({});
  });

  test('the size is that of the file, not that before an edit', () => {
    const tags = {
      'EXIF:ImageWidth': '3648',
      'EXIF:ImageHeight': '2736',
      'XMP:ImageWidth': '1',
      'XMP:ImageHeight': '1',
    };
    expect(read(tags)).toEqual({ width: 3648, height: 2736 });
    expect(read({ ...tags, 'File:ImageWidth': '500', 'File:ImageHeight': '375' })).toEqual({
      width: 500,
      height: 375,
    });
    expect(read({ 'PNG:ImageWidth': '9', 'PNG:ImageHeight': '8' })).toEqual({ width: 9, height: 8 });
  });
});
