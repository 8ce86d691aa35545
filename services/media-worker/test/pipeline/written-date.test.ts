import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseOffset, parseWrittenDate } from '../../src/pipeline/metadata/written-date.js';

/** Wall clock, precision and offset, as one line. */
function read(value: unknown): string | undefined {
  const written = parseWrittenDate(value);
  if (!written) return undefined;
  const { wallClock, precision, offset = '' } = written;
  return `${wallClock.toISOString().slice(0, -1)} ${precision} ${offset}`.trim();
}

describe('a date', () => {
  test.each([
    '2004:12:24 10:11:12',
    '2004-12-24T10:11:12',
    '2004/12/24 10:11:12',
    '2004.12.24 10:11:12',
    '2004-12-24 10.11.12',
    '2004-12-24 10-11-12',
    '2004 12 24 10 11 12',
    '2004_12_24 10:11:12',
    '2004:12:24:10:11:12',
    '2004:12:2410:11:12',
    '2004:12:24  10:11:12',
    '2004:12:24 10:11:12\0',
    '2004:12:24 10:11:12\0\0rubbish',
    '2004:12:24\u000010:11:12',
    '\n2004:12:24 10:11:12 \r\n',
    '2004-12-24-10-11-12',
    '2004_12_24_10_11_12',
    '2004,12,24,10,11,12',
    '2004.12.24.10.11.12',
    '2004/12/24/10/11/12',
    '2004-12-24_10-11-12',
    '2004-12-24-10:11:12',
    '2004-Dec-24 10:11:12',
    '2004 December 24, 10:11:12',
    '٢٠٠٤:١٢:٢٤ ١٠:١١:١٢',
    '۲۰۰۴:۱۲:۲۴ ۱۰:۱۱:۱۲',
    '２００４/１２/２４ １０:１１:１２',
    '2004:12:24 AM 10:11:12',
    '2004년 12월 24일 오전 10:11:12',
    '2004年12月24日 10時11分12秒',
    '2004:12:24 10:11:12 AM',
    '2004:12:24 上午10:11:12',
    '2004年12月24日 10:11:12',
    '20041224101112',
    '20041224T101112',
    '20041224 101112',
    '20041224_101112',
    '20041224-101112',
    'Fri Dec 24 10:11:12 2004',
    'Fri Dec 24 10:11:12 CET 2004',
    'FRI DEC 24 10:11:12 2004',
    '24 Dec 2004 10:11:12',
    '24-Dec-2004 10:11:12',
    'Friday, December 24, 2004 10:11:12 AM',
    'Dec 24, 2004, 10:11:12 a.m.',
    'December 24, 2004 at 10:11:12 AM',
    '24/12/2004 10:11:12 a. m.',
    '24,12,2004 10:11:12',
    '24.12.2004 10:11:12',
    '24/12/2004 10:11:12',
    '12/24/2004 10:11:12',
  ])('%j', (text) => expect(read(text)).toBe('2004-12-24T10:11:12.000 time'));

  test.each([
    ['2004: 1: 2  3: 4: 5', '2004-01-02T03:04:05.000 time'],
    ['2004:1:2 3:4:5', '2004-01-02T03:04:05.000 time'],
    ['2004:12:24 10:11:12.345', '2004-12-24T10:11:12.345 time'],
    ['2004:12:24 10:11:12,3', '2004-12-24T10:11:12.300 time'],
    ['2004:12:24 10:11:12.3456789', '2004-12-24T10:11:12.345 time'],
    ['2004:12:24 10:11:12 PM', '2004-12-24T22:11:12.000 time'],
    ['2004:12:24 下午10:11:12', '2004-12-24T22:11:12.000 time'],
    ['2004:12:24 PM 10:11', '2004-12-24T22:11:00.000 time'],
    ['2004:12:24 p.m. 10:11:12', '2004-12-24T22:11:12.000 time'],
    ['2004:12:24 10:11:12 p. m.', '2004-12-24T22:11:12.000 time'],
    ['2004:12:24 10:11:12 下午', '2004-12-24T22:11:12.000 time'],
    ['2004:12:24 오후 10:11:12', '2004-12-24T22:11:12.000 time'],
    ['04/04/1998 10:00:00', '1998-04-04T10:00:00.000 time'],
    ['Fri Dec 24 10:11:12 GMT+01:00 2004', '2004-12-24T10:11:12.000 time 60'],
    ['Fri Dec 24 2004 10:11:12 GMT+0100 (CET)', '2004-12-24T10:11:12.000 time 60'],
    ['2004:12:24 12:11:12 AM', '2004-12-24T00:11:12.000 time'],
    ['2004:12:24 12:11:12 pm', '2004-12-24T12:11:12.000 time'],
    ['2004:12:24 22:11:12 PM', '2004-12-24T22:11:12.000 time'],
    ['2004:12:24 24:11:12', '2004-12-24T00:11:12.000 time'],
    ['2004:12:24 24:00:00', '2004-12-24T00:00:00.000 time'],
    ['2016:12:31 23:59:60', '2017-01-01T00:00:00.000 time'],
    ['2004:12:24 10:11', '2004-12-24T10:11:00.000 time'],
    ['2004:12:24 10:11:12Z', '2004-12-24T10:11:12.000 time 0'],
    ['2004:12:24 10:11:12+02:00', '2004-12-24T10:11:12.000 time 120'],
    ['2004:12:24 10:11:12.5-0330', '2004-12-24T10:11:12.500 time -210'],
    ['2004:12:24 10:11-05:00', '2004-12-24T10:11:00.000 time -300'],
    ['2004:12:24 10:11:12+02:00 DST', '2004-12-24T10:11:12.000 time 120'],
    ['Fri, 24 Dec 2004 10:11:12 +0100', '2004-12-24T10:11:12.000 time 60'],
    ['24 Dec 2004 10:11:12 GMT', '2004-12-24T10:11:12.000 time 0'],
    ['Fri Dec 24 10:11:12 PST 2004', '2004-12-24T10:11:12.000 time -480'],
  ])('%j is %s', (text, expected) => expect(read(text)).toBe(expected));

  test.each([
    ['2004:12:24', '2004-12-24T00:00:00.000 day'],
    ['20041224', '2004-12-24T00:00:00.000 day'],
    ['24 Dec 2004', '2004-12-24T00:00:00.000 day'],
    ['2004:12:24   :  :  ', '2004-12-24T00:00:00.000 day'],
    ['2004:12:24 99:99:99', '2004-12-24T00:00:00.000 day'],
    ['2004:12:24 25:00:00', '2004-12-24T00:00:00.000 day'],
    ['2004-12-24-05:00', '2004-12-24T00:00:00.000 day'],
    ['2004-12-24+02:00', '2004-12-24T00:00:00.000 day'],
    ['2004,12,24', '2004-12-24T00:00:00.000 day'],
    ['1998-05/1998-06', '1998-05-01T00:00:00.000 month'],
    ['1998/1999', '1998-01-01T00:00:00.000 year'],
    ['2004-12-24/2004-12-26', '2004-12-24T00:00:00.000 day'],
    ['2015,06', '2015-06-01T00:00:00.000 month'],
    ['2015年6月', '2015-06-01T00:00:00.000 month'],
    ['2015年', '2015-01-01T00:00:00.000 year'],
    ['00/00/2015', '2015-01-01T00:00:00.000 year'],
    ['2015-06', '2015-06-01T00:00:00.000 month'],
    ['2015:06', '2015-06-01T00:00:00.000 month'],
    ['2015:06:00 00:00:00', '2015-06-01T00:00:00.000 month'],
    ['2015:06:  ', '2015-06-01T00:00:00.000 month'],
    ['2015', '2015-01-01T00:00:00.000 year'],
    [2015, '2015-01-01T00:00:00.000 year'],
    ['2015:00:00 00:00:00', '2015-01-01T00:00:00.000 year'],
    ['2015:00:15 10:11:12', '2015-01-01T00:00:00.000 year'],
    ['2015:  :     :  :  ', '2015-01-01T00:00:00.000 year'],
  ])('%j is only as exact as it is written', (text, expected) => expect(read(text)).toBe(expected));

  test.each(['05/04/1998 10:00:00', '04-05-1998', '12/11/1998 23:59:59', '05:04:1998 10:00'])(
    '%j has a certain year only, since day and month are ambiguous',
    (text) => expect(read(text)).toBe('1998-01-01T00:00:00.000 year'),
  );

  test.each([
    ['2004:12:24 10:11', true],
    ['2004-12-24T10:11+02:00', true],
    ['2004:12:24 10:11:00', undefined],
    ['2004:12:24', undefined],
  ])('%j is without seconds: %s', (text, expected) =>
    expect(parseWrittenDate(text)?.withoutSeconds).toBe(expected),
  );

  test.each([
    '',
    ' ',
    '\0\0\0\0',
    '0000:00:00 00:00:00',
    '    :  :     :  :  ',
    '2021:02:30 00:00:00',
    '2021:13:01 00:00:00',
    '04:12:24 10:11:12',
    '12/24/04',
    '1103883072',
    '2004-359',
    '200412',
    'yesterday',
    'Decorum 24, 2004',
    ['2004:12:24'],
    { year: 2004 },
    null,
    true,
    Number.NaN,
  ])('is not %j', (value) => expect(read(value)).toBeUndefined());
});

describe('an offset', () => {
  test.each([
    ['+02:00', 120],
    ['-0530', -330],
    ['+2', 120],
    [' +05:45\0', 345],
    ['−05:00', -300],
    ['Z', 0],
    ['UTC', 0],
    ['GMT+9', 540],
    ['+14:00', 840],
    ['-12:00', -720],
    ['+10:00 (Sydney)', 600],
  ])('%j is %i minutes', (text, minutes) => expect(parseOffset(text)).toBe(minutes));

  test.each(['', '   :  ', '+15:00', '-13:00', '+01:75', 'CEST', '+', 'zone', undefined, 2, {}])(
    'is not %j',
    (value) => expect(parseOffset(value)).toBeUndefined(),
  );
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...[
      '2004',
      '12',
      '24',
      '1',
      '00',
      ':',
      '-',
      '/',
      '.',
      ' ',
      'T',
      'Z',
      'Dec',
      'Fri',
      'PM',
      '+02:00',
      '\0',
      '99',
    ],
  );

  test('never throws, and gives a date of the years 1 to 9999 or none', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (value) => {
        const written = parseWrittenDate(value);
        if (!written) return;
        const year = written.wallClock.getUTCFullYear();
        expect(year).toBeGreaterThanOrEqual(1);
        expect(year).toBeLessThanOrEqual(10_000);
        expect(Math.abs(written.offset ?? 0)).toBeLessThanOrEqual(14 * 60);
      }),
      { numRuns: 2_000 },
    );
  });

  test('with a local time gives this time, in each notation', () => {
    const date = fc.date({
      min: new Date('1000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    const notations: ((iso: string) => string)[] = [
      (iso) => iso,
      (iso) => iso.replaceAll('-', ':').replace('T', ' '),
      (iso) => iso.replaceAll('-', '/').replace('T', ' '),
      (iso) => iso.replaceAll(/[-:]/g, ''),
      (iso) => iso.replaceAll(/\D/g, ' '),
      (iso) => `${new Date(`${iso}Z`).toUTCString()}`,
    ];
    fc.assert(
      fc.property(date, fc.constantFrom(...notations), (clock, notation) => {
        const iso = clock.toISOString().slice(0, 19);
        expect(parseWrittenDate(notation(iso))?.wallClock.toISOString().slice(0, 19)).toBe(iso);
      }),
      { numRuns: 500 },
    );
  });

  test('is read quickly, regardless of its length', () => {
    for (const piece of [' ', '1', '2004:', '12 ', 'Dec ', '2004:12:24 ', ':']) {
      expect(() => parseWrittenDate(piece.repeat(1_000_000))).not.toThrow();
    }
  });
});
