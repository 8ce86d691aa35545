import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openPlaces } from '../src/index.js';

const places = openPlaces();

describe('a location in or near a city', () => {
  test.each([
    ['the Old Town of Prague', 50.0875, 14.4213, 'Prague', 'Prague', 'Czechia', 'CZ'],
    ['a castle in a suburb of Prague', 50.0644, 14.4183, 'Prague', 'Prague', 'Czechia', 'CZ'],
    ["Munich's centre", 48.1374, 11.5755, 'Munich', 'Bavaria', 'Germany', 'DE'],
    ['a park in Munich', 48.1642, 11.6056, 'Munich', 'Bavaria', 'Germany', 'DE'],
    ['a town at the edge of Munich', 48.1917, 11.6528, 'Unterföhring', 'Bavaria', 'Germany', 'DE'],
    ['a district of Berlin', 52.535, 13.2, 'Berlin', 'State of Berlin', 'Germany', 'DE'],
    ['Times Square', 40.758, -73.9855, 'New York City', 'New York', 'United States', 'US'],
    ['Shibuya Crossing', 35.6595, 139.7005, 'Tokyo', 'Tokyo', 'Japan', 'JP'],
    ['a small town at a border', 48.7617, 14.9853, 'Gmünd', 'Lower Austria', 'Austria', 'AT'],
    ['a village', 46.5841, 7.0822, 'Gruyères', 'Fribourg', 'Switzerland', 'CH'],
    ['a city that was renamed lately', 51.128, 71.43, 'Astana', 'Astana', 'Kazakhstan', 'KZ'],
    ['a territory with a code of its own', 18.466, -66.106, 'San Juan', 'San Juan', 'Puerto Rico', 'PR'],
    ['the smallest country', 41.9022, 12.4534, 'Vatican City', undefined, 'Vatican City', 'VA'],
    ['the far north', 78.22, 15.65, 'Longyearbyen', 'Svalbard', 'Svalbard & Jan Mayen', 'SJ'],
  ])('%s', async (_, lat, lon, city, region, country, countryCode) => {
    expect(await places.find(lat, lon)).toEqual({ city, country, countryCode, ...(region && { region }) });
  });
});

describe('near a border, the city', () => {
  test.each([
    ['Konstanz', 47.6603, 9.1758, 'DE'],
    ['Kreuzlingen', 47.6467, 9.175, 'CH'],
    ['Frankfurt (Oder)', 52.342, 14.55, 'DE'],
    ['Słubice', 52.35, 14.56, 'PL'],
    ['Detroit', 42.33, -83.05, 'US'],
    ['Windsor', 42.314, -83.036, 'CA'],
    ['Tijuana', 32.53, -117.02, 'MX'],
  ])('%s', async (city, lat, lon, countryCode) => {
    expect(await places.find(lat, lon)).toMatchObject({ city, countryCode });
  });

  test('is absent if the only city nearby is on the other side', async () => {
    expect(await places.find(32.553, -117.04)).toEqual({ country: 'United States', countryCode: 'US' });
  });

  test('keeps the country of GeoNames where the sources disagree about the border', async () => {
    expect(await places.find(35.889, -5.316)).toMatchObject({ city: 'Ceuta', countryCode: 'ES' });
    expect(await places.find(44.95, 34.1)).toMatchObject({ city: 'Simferopol', countryCode: 'UA' });
  });
});

describe('far from every city', () => {
  test.each([
    ['the Sahara', 25, 5, { country: 'Algeria', countryCode: 'DZ' }],
    ['a volcano on Tenerife', 28.27, -16.64, { country: 'Spain', countryCode: 'ES' }],
    ['the South Pole', -90, 0, { country: 'Antarctica', countryCode: 'AQ' }],
    ['the 180th meridian, in Fiji', -16.8, 180, { country: 'Fiji', countryCode: 'FJ' }],
    ['the same, from the other side', -16.8, -180, { country: 'Fiji', countryCode: 'FJ' }],
    ['the Pacific', -30, -140, undefined],
    ['the middle of the North Sea', 56, 3, undefined],
    ['the North Pole', 90, 0, undefined],
    ['the 180th meridian, on the sea', 0, 180, undefined],
  ])('%s', async (_, lat, lon, place) => {
    expect(await places.find(lat, lon)).toEqual(place);
  });
});

test('every location has a place with a country, or none', async () => {
  const degrees = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });
  await fc.assert(
    fc.asyncProperty(degrees(90), degrees(180), async (lat, lon) => {
      const place = await places.find(lat, lon);
      if (place === undefined) return;
      expect(place.countryCode).toMatch(/^[A-Z]{2}$/);
      expect(place.country).toEqual(expect.any(String));
    }),
  );
});
