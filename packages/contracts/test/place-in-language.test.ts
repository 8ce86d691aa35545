import { describe, expect, test } from '@jest/globals';
import { otherCityNames, placeInLanguage, placesInLanguage } from '../src/index.js';

const munich = { city: 'Munich', region: 'Bavaria', country: 'Germany', countryCode: 'DE' };
const prague = { city: 'Prague', region: 'Prague', country: 'Czechia', countryCode: 'CZ' };
const taipei = { city: 'Taipei', country: 'Taiwan', countryCode: 'TW' };

describe('a place in a language', () => {
  test.each([
    ['de', 'Deutschland'],
    ['de-AT', 'Deutschland'],
    ['cs', 'Německo'],
    ['fr-CA', 'Allemagne'],
    ['en', 'Germany'],
  ])('%s has the country of that language', (language, country) => {
    expect(placeInLanguage(munich, language)).toEqual({ ...munich, country });
  });

  test.each([
    ['de', 'Prag'],
    ['de-CH', 'Prag'],
    ['cs', 'Praha'],
    ['pl-PL', 'Praga'],
    ['ja', 'プラハ'],
    ['en-GB', 'Prague'],
    ['fr', 'Prague'],
    ['sw', 'Prague'],
  ])('%s has the city of that language', (language, city) => {
    expect(placeInLanguage(prague, language).city).toBe(city);
  });

  test.each([
    ['zh-CN', '台北'],
    ['zh-TW', '台北'],
    ['nn', 'Taipei'],
  ])('%s finds the names of its script or of the language that it is close to', (language, city) => {
    expect(placeInLanguage(taipei, language).city).toBe(city);
  });

  test('a town of the same name in another country keeps its own', () => {
    const oklahoma = { city: 'Prague', region: 'Oklahoma', countryCode: 'US' };
    expect(placeInLanguage(oklahoma, 'de')).toEqual({ ...oklahoma, country: 'Vereinigte Staaten' });
  });

  test('many places can be named with the names of one language', () => {
    expect(
      [prague, munich].map(placesInLanguage('it')).map(({ city, country }) => `${city}, ${country}`),
    ).toEqual(['Praga, Cechia', 'Munich, Germania']);
  });

  test.each(['', 'no language', 'xx-invalid-', '*'])(
    '%j, which is no language, leaves it as it is',
    (language) => {
      expect(placeInLanguage(prague, language)).toEqual(prague);
    },
  );

  test('without a country that is known it stays as it is', () => {
    expect(placeInLanguage({ city: 'Prague' }, 'de')).toEqual({ city: 'Prague' });
    const unknown = { country: 'Nowhere', countryCode: 'QX' };
    expect(placeInLanguage(unknown, 'de')).toEqual(unknown);
    expect(placeInLanguage({}, 'de')).toEqual({});
  });
});

test('the names of a city in other languages, for search', () => {
  expect(otherCityNames(prague)).toEqual(expect.arrayContaining(['Praha', 'Prag', 'Praga', 'Прага']));
  expect(otherCityNames(munich)).toEqual([]);
  expect(otherCityNames({ countryCode: 'CZ' })).toEqual([]);
});
