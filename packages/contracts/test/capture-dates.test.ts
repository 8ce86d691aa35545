import { describe, expect, test } from '@jest/globals';
import {
  dateFromFileName,
  dateOfFile,
  isPlausibleCaptureTime,
  isPlausibleModificationTime,
  monthByName,
  wallClockAsUtc,
} from '../src/index.js';

const now = new Date('2026-01-01T12:00:00Z');
const dateOf = (name: string) => dateFromFileName(name, now)?.toISOString();

describe('the date in a file name', () => {
  test.each([
    // Messengers.
    ['IMG-20190714-WA0007.jpg', '2019-07-14T00:00:00.000Z'],
    ['WhatsApp Image 2019-07-14 at 1.02.03 PM (1).jpeg', '2019-07-14T13:02:03.000Z'],
    ['WhatsApp Image 2019-07-14 at 12.02.03 AM.jpeg', '2019-07-14T00:02:03.000Z'],
    ['photo_2020-03-01_10-11-12.jpg', '2020-03-01T10:11:12.000Z'],
    ['signal-2020-03-01-10-11-12-345.jpg', '2020-03-01T10:11:12.345Z'],
    ['signal-2020-03-01-101112.jpg', '2020-03-01T10:11:12.000Z'],
    ['FB_IMG_1563098712345.jpg', '2019-07-14T10:05:12.345Z'],
    ['mmexport1563098712345.jpg', '2019-07-14T10:05:12.345Z'],
    // Screenshots.
    ['Screenshot_20200301-101112.png', '2020-03-01T10:11:12.000Z'],
    ['Screenshot_2020-03-01-10-11-12-345_com.app.jpg', '2020-03-01T10:11:12.345Z'],
    ['Screen Shot 2020-03-01 at 10.11.12 PM.png', '2020-03-01T22:11:12.000Z'],
    ['Screen Shot 2020-03-01 at 9.11.12\u202fPM.png', '2020-03-01T21:11:12.000Z'],
    ['Bildschirmfoto 2019-07-14 um 10.11.12.png', '2019-07-14T10:11:12.000Z'],
    ['Captura de pantalla 2019-07-14 a las 10.11.12.png', '2019-07-14T10:11:12.000Z'],
    ['Screenshot 2019-07-14 101112.png', '2019-07-14T10:11:12.000Z'],
    // Cameras and phones.
    ['PXL_20210102_030405678.jpg', '2021-01-02T03:04:05.678Z'],
    ['IMG20190714101112.jpg', '2019-07-14T10:11:12.000Z'],
    ['20190714_101112_HDR.jpg', '2019-07-14T10:11:12.000Z'],
    ['00000IMG_00000_BURST20190714101112345_COVER.jpg', '2019-07-14T10:11:12.345Z'],
    ['WIN_20190714_10_11_12_Pro.jpg', '2019-07-14T10:11:12.000Z'],
    ['WP_20190714_001.jpg', '2019-07-14T00:00:00.000Z'],
    ['2019-07-14 24.05.06.jpg', '2019-07-14T00:05:06.000Z'],
    // Scans and people.
    ['Scan_20041224.tif', '2004-12-24T00:00:00.000Z'],
    ['Adobe Scan 24 Dec 2004.jpg', '2004-12-24T00:00:00.000Z'],
    ['Adobe Scan Dec 24, 2004 (2).jpg', '2004-12-24T00:00:00.000Z'],
    ['24.12.2004.jpg', '2004-12-24T00:00:00.000Z'],
    ['Opa 1.2.1934.jpg', '1934-02-01T00:00:00.000Z'],
    ['CamScanner 12-24-2004 10.11.12.jpg', '2004-12-24T10:11:12.000Z'],
    ['Photo 14-07-2019 10 11 12.jpg', '2019-07-14T10:11:12.000Z'],
    // Other languages, composed or not.
    ['2020年3月1日 10.11.12.jpg', '2020-03-01T10:11:12.000Z'],
    ['写真2020年3月1日10時11分12秒.jpg', '2020-03-01T10:11:12.000Z'],
    ['2020年03月01日.png', '2020-03-01T00:00:00.000Z'],
    ['截屏2020-03-01 下午10.11.12.png', '2020-03-01T22:11:12.000Z'],
    ['スクリーンショット 2020-03-01 午前12.11.12.png', '2020-03-01T00:11:12.000Z'],
    ['2020년 3월 1일 오후 1.02.03.png'.normalize('NFD'), '2020-03-01T13:02:03.000Z'],
    ['14. März 2019.jpg', '2019-03-14T00:00:00.000Z'],
    ['14. März 2019.jpg'.normalize('NFD'), '2019-03-14T00:00:00.000Z'],
    ['Scan 1er août 1987.jpg', '1987-08-01T00:00:00.000Z'],
    ['14 juillet 2019 10-11-12.jpg', '2019-07-14T10:11:12.000Z'],
    ['Boda 14 de julio de 2019.jpg', '2019-07-14T00:00:00.000Z'],
    ['14 de março de 2019.jpg', '2019-03-14T00:00:00.000Z'],
    ['14_settembre_2019.jpg', '2019-09-14T00:00:00.000Z'],
    ['2019-Jul-14 10.11.12.jpg', '2019-07-14T10:11:12.000Z'],
    ['14 maart 2019.jpg', '2019-03-14T00:00:00.000Z'],
    // The zone right after the time.
    ['2019-07-14T18:30:05+0200.jpg', '2019-07-14T16:30:05.000Z'],
    ['2019-07-14T18:30:05+05:30.jpg', '2019-07-14T13:00:05.000Z'],
    ['2019-07-14T18-30-05-0700.jpg', '2019-07-15T01:30:05.000Z'],
    ['2019-07-14T18:30:05.123-07.jpg', '2019-07-15T01:30:05.123Z'],
    ['2019-07-14 18:30:05-04:00.jpg', '2019-07-14T22:30:05.000Z'],
    ['20190714T183005Z.jpg', '2019-07-14T18:30:05.000Z'],
    ['2019-07-14 18.30.05 +0200.jpg', '2019-07-14T16:30:05.000Z'],
    ['IMG_20190714_183005-0100.jpg', '2019-07-14T18:30:05.000Z'],
    // A month or a year.
    ['2019-07.jpg', '2019-07-01T00:00:00.000Z'],
    ['2019_07.jpg', '2019-07-01T00:00:00.000Z'],
    ['Scan 2004-12.jpg', '2004-12-01T00:00:00.000Z'],
    ['Trip_2004-12 (3).jpg', '2004-12-01T00:00:00.000Z'],
    ['May 2019.jpg', '2019-05-01T00:00:00.000Z'],
    ['Sommer Juli1998 Strand.jpg', '1998-07-01T00:00:00.000Z'],
    ['diciembre de 1999 (2).jpg', '1999-12-01T00:00:00.000Z'],
    ['2019年7月.jpg', '2019-07-01T00:00:00.000Z'],
    ['2019年.jpg', '2019-01-01T00:00:00.000Z'],
    ['May 2018, 2019-07-14.jpg', '2019-07-14T00:00:00.000Z'],
    // A time that no clock shows: the day stays.
    ['IMG_20190714_999999.jpg', '2019-07-14T00:00:00.000Z'],
    // Tomorrow, since a zone may be ahead.
    ['20260102.jpg', '2026-01-02T00:00:00.000Z'],
  ])('%s', (name, date) => expect(dateOf(name)).toBe(date));

  test.each([
    'scan0001.jpg',
    'DSC01234.JPG',
    'IMG_2015.jpg',
    'IMG_12345678.jpg',
    '20190231.jpg',
    '20260104.jpg',
    '20991231.jpg',
    '18251231.jpg',
    '01-02-2019.jpg',
    '201907141011.jpg',
    '1563098712345678.jpg',
    'photo 1563098712345.jpg',
    'Decor 24, 2004.jpg',
    'DSC_1999.jpg',
    '2019.jpg',
    'IMG_2019-07.jpg',
    'IMG_2019_07.jpg',
    'DSCN2019-07.jpg',
    '2019-20.jpg',
    '2019-7.jpg',
    '2019-02-31.jpg',
    '31 February 2019.jpg',
    '1920-1080.jpg',
    'Marc 2019.jpg',
    'Maya 2019.jpg',
    'Set 2, 2004.jpg',
    'May 20190.jpg',
    '04-12-24.jpg',
    '2001-01-01/photo.jpg',
    '20190714-1a2b-4c3d-8e4f-a20190714b0c.jpg',
    '20190714a0b1c2d3.jpg',
    '',
  ])('is not in %j', (name) => expect(dateOf(name)).toBeUndefined());

  test('is found quickly in every name', () => {
    for (const piece of [
      '1',
      '2019',
      '2019-',
      '20190714',
      'jan 1',
      ' ',
      '10-',
      'de ',
      '年 ',
      '1 mai de ',
      'é',
    ]) {
      expect(() => dateOf(piece.repeat(5_000))).not.toThrow();
    }
  });
});

test('a clock shows what a calendar has, hour 24 for hour 0 and a leap second', () => {
  const shown = (...[year, month, day, hour, minute, second]: [number, ...number[]]) =>
    wallClockAsUtc({ year, month, day, hour, minute, second })?.toISOString();
  expect(shown(2015)).toBe('2015-01-01T00:00:00.000Z');
  expect(shown(99, 12, 31)).toBe('0099-12-31T00:00:00.000Z');
  expect(shown(2019, 1, 1, 24, 4, 20)).toBe('2019-01-01T00:04:20.000Z');
  expect(shown(2016, 12, 31, 23, 59, 60)).toBe('2017-01-01T00:00:00.000Z');
  for (const none of [
    [2021, 2, 29],
    [2021, 0, 1],
    [2021, 13, 1],
    [2021, 1, 0],
    [2021, 1, 1, 25],
  ]) {
    expect(shown(...(none as [number, ...number[]]))).toBeUndefined();
  }
  expect(shown(2021, 1, 1, 1, 60)).toBeUndefined();
  expect(shown(2021, 1, 1, 1, 1, 61)).toBeUndefined();
});

test('photos were taken from 1826 to tomorrow', () => {
  const plausible = (date: string) => isPlausibleCaptureTime(new Date(date), now);
  expect(plausible('1826-01-01T00:00:00Z')).toBe(true);
  expect(plausible('1825-12-31T23:59:59Z')).toBe(false);
  expect(plausible('2026-01-02T12:00:00Z')).toBe(true);
  expect(plausible('2026-01-02T12:00:01Z')).toBe(false);
});

describe('the date of a file without a date inside', () => {
  const dateOfNamed = (name: string | undefined, modified?: string) => {
    const found = dateOfFile({
      name,
      modifiedAt: modified === undefined ? undefined : new Date(modified),
      now,
    });
    return found && [found.date.toISOString(), found.source];
  };
  const day = 'IMG-20190714-WA0007.jpg';

  test.each<[string, string | undefined, string, string]>([
    // The time within the day, month or year of the name.
    [day, '2019-07-14T18:30:05.000Z', '2019-07-14T18:30:05.000Z', 'fileName'],
    [day, '2019-07-14T00:00:00.000Z', '2019-07-14T00:00:00.000Z', 'fileName'],
    [day, '2019-07-14T23:59:59.999Z', '2019-07-14T23:59:59.999Z', 'fileName'],
    ['Scan 2004-12.jpg', '2004-12-24T10:11:12.000Z', '2004-12-24T10:11:12.000Z', 'fileName'],
    ['2019年.jpg', '2019-12-31T23:59:59.000Z', '2019-12-31T23:59:59.000Z', 'fileName'],
    // Another day in UTC, or later copies.
    [day, '2019-07-15T00:00:00.000Z', '2019-07-14T00:00:00.000Z', 'fileName'],
    [day, '2019-07-13T23:30:00.000Z', '2019-07-14T00:00:00.000Z', 'fileName'],
    ['Scan 2004-12.jpg', '2005-01-01T00:00:00.000Z', '2004-12-01T00:00:00.000Z', 'fileName'],
    ['IMG_19800101.jpg', '1980-01-01T10:00:00.000Z', '1980-01-01T00:00:00.000Z', 'fileName'],
    [day, undefined, '2019-07-14T00:00:00.000Z', 'fileName'],
    // A name with a time of day has no need of it.
    ['IMG_20190714_101112.jpg', '2019-07-14T18:30:05.000Z', '2019-07-14T10:11:12.000Z', 'fileName'],
    ['scan0001.jpg', '2004-12-24T10:11:12.000Z', '2004-12-24T10:11:12.000Z', 'fileModified'],
  ])('%s modified at %s', (name, modified, ...expected) =>
    expect(dateOfNamed(name, modified)).toEqual(expected),
  );

  test('is unknown without a plausible one', () => {
    expect(dateOfNamed('scan0001.jpg')).toBeUndefined();
    expect(dateOfNamed(undefined, '1980-01-01T00:00:00Z')).toBeUndefined();
    expect(dateOfNamed(undefined, '2004-12-24T10:11:12Z')).toEqual([
      '2004-12-24T10:11:12.000Z',
      'fileModified',
    ]);
  });
});

test.each([
  ['1970-01-01T00:00:00Z', false],
  ['1969-12-31T10:00:00Z', false],
  ['1970-01-02T00:00:00Z', false],
  ['1970-01-02T00:00:01Z', true],
  ['1980-01-01T14:00:00Z', false],
  ['1979-12-31T12:00:00Z', false],
  ['1980-01-03T00:00:00Z', true],
  ['1904-01-01T00:00:00Z', false],
  ['1903-12-31T13:00:00Z', false],
  ['1601-01-01T00:00:00Z', false],
  ['2004-12-24T10:11:12Z', true],
  ['2026-01-01T12:00:00Z', true],
  ['2026-01-01T12:00:01Z', false],
])('a modification time of %s is plausible: %s', (date, expected) =>
  expect(isPlausibleModificationTime(new Date(date), now)).toBe(expected),
);

test('months have a name in seven languages, and short ones', () => {
  const numbers = (names: string) => names.split(' ').map(monthByName);
  expect(numbers('March März mars marzo março maart MAR')).toEqual([3, 3, 3, 3, 3, 3, 3]);
  expect(numbers('Oct Okt octobre octubre ottobre outubro oktober')).toEqual([10, 10, 10, 10, 10, 10, 10]);
  expect(numbers('Marc Set out xyz')).toEqual([undefined, undefined, undefined, undefined]);
});
