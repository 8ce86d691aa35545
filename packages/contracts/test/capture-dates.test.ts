import { describe, expect, test } from '@jest/globals';
import { dateFromFileName, isPlausibleCaptureTime, wallClockAsUtc } from '../src/index.js';

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
    '04-12-24.jpg',
    '2001-01-01/photo.jpg',
    '20190714-1a2b-4c3d-8e4f-a20190714b0c.jpg',
    '20190714a0b1c2d3.jpg',
    '',
  ])('is not in %j', (name) => expect(dateOf(name)).toBeUndefined());

  test('is found in time whatever the name', () => {
    for (const piece of ['1', '2019', '2019-', '20190714', 'jan 1', ' ', '10-']) {
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
