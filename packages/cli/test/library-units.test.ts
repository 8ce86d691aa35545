import { describe, expect, test } from '@jest/globals';
import { tableLines } from '../src/format.js';
import { isBeginningOf, searchForName } from '../src/library/find.js';
import { coordinates, endOf, kilometres, periodOf } from '../src/option-values.js';

describe('times on the command line', () => {
  test('a year, a month and a day are periods by the clock of this computer', () => {
    const local = (...parts: [number, number, number?]) => new Date(parts[0], parts[1], parts[2] ?? 1);
    expect(periodOf('2024')).toEqual({ start: local(2024, 0), end: local(2025, 0) });
    expect(periodOf('2024-12')).toEqual({ start: local(2024, 11), end: local(2025, 0) });
    expect(periodOf('2024-02-29')).toEqual({ start: local(2024, 1, 29), end: local(2024, 2, 1) });
    expect(periodOf('0099')?.start.getFullYear()).toBe(99);
  });

  test('an instant is itself, with an offset or by the clock of this computer', () => {
    const instant = new Date('2024-05-01T12:00:00Z');
    expect(periodOf('2024-05-01T14:00+02:00')).toEqual({ start: instant, end: instant });
    expect(periodOf('2024-05-01T12:00:00.000Z')?.start).toEqual(instant);
    expect(periodOf('2024-05-01T12:00')?.start).toEqual(new Date(2024, 4, 1, 12));
  });

  test('what is no time is none', () => {
    const wrong = [
      '',
      '24',
      '2024-13',
      '2024-00',
      '2023-02-29',
      '2024-02-30T10:00',
      '2024-05-01T25:00',
      '2024-5-1',
      '0000',
      'today',
    ];
    for (const text of wrong) expect({ text, period: periodOf(text) }).toEqual({ text, period: undefined });
  });

  test('a duration counts from now, a day lasts until it is over', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    expect(endOf('90m', now)).toEqual(new Date('2026-01-01T01:30:00Z'));
    expect(endOf('12h', now)).toEqual(new Date('2026-01-01T12:00:00Z'));
    expect(endOf('7d', now)).toEqual(new Date('2026-01-08T00:00:00Z'));
    expect(endOf('2 w', now)).toEqual(new Date('2026-01-15T00:00:00Z'));
    expect(endOf('2026-12-31', now)).toEqual(new Date(2027, 0, 1));
    for (const text of ['7', '7y', '-7d', '1.5d', 'd']) expect(endOf(text, now)).toBeUndefined();
  });
});

test('coordinates and distances are numbers within their bounds', () => {
  expect(coordinates('-33.9, 18.4')).toBe('-33.900000,18.400000');
  for (const wrong of ['1', '1,2,3', '91,0', '0,181', 'a,b', ',', '1,', 'Infinity,0'])
    expect(() => coordinates(wrong)).toThrow(/latitude,longitude/);
  expect(kilometres('0.5')).toBe(0.5);
  for (const wrong of ['0', '-1', 'x', '', '1e9']) expect(() => kilometres(wrong)).toThrow(/kilometres/);
});

test('a search for a file name has its first words, and none of its quotation marks', () => {
  expect(searchForName('IMG_1.jpg')).toBe('"IMG_1.jpg"');
  expect(searchForName('a "b" c.jpg')).toBe('"a  b  c.jpg"');
  expect(searchForName('1 2 3 4 5 6 7 8 9 10.jpg')).toBe('"1 2 3 4 5 6 7 8"');
  for (const name of ['---', '', `${'x'.repeat(250)}.jpg`]) expect(searchForName(name)).toBeUndefined();
});

test('the beginning of an id has eight digits at least', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8058';
  for (const text of ['01890A5D', '01890a5d-ac96', id]) expect(isBeginningOf(text, id)).toBe(true);
  for (const text of ['01890a5', '01890a5e', 'Holidays', '']) expect(isBeginningOf(text, id)).toBe(false);
});

test('columns of a table have one width, and one long name does not widen it', () => {
  expect(
    tableLines([
      ['a', '1'],
      ['bcd', '2'],
    ]),
  ).toEqual(['a    1', 'bcd  2']);
  expect(
    tableLines([
      ['a', '1'],
      ['b'.repeat(60), '2'],
    ])[0],
  ).toBe(`${'a'.padEnd(40)}  1`);
});
