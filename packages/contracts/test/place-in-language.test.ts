import { describe, expect, test } from '@jest/globals';
import { placeInLanguage } from '../src/index.js';

const munich = { city: 'Munich', region: 'Bavaria', country: 'Germany', countryCode: 'DE' };

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

  test.each(['', 'no language', 'xx-invalid-', '*'])(
    '%j, which is no language, stays as it is',
    (language) => {
      expect(placeInLanguage(munich, language)).toEqual(munich);
    },
  );

  test('without a country that is known stays as it is', () => {
    expect(placeInLanguage({ city: 'Nowhere' }, 'de')).toEqual({ city: 'Nowhere' });
    const unknown = { country: 'Nowhere', countryCode: 'QX' };
    expect(placeInLanguage(unknown, 'de')).toEqual(unknown);
  });
});
