import { readFile } from 'node:fs/promises';
import { deserialize } from 'node:v8';

/** A city with its share of the table that `write-places.ts` makes of the data packages. */
export interface City {
  name: string;
  lat: number;
  lon: number;
  /** ISO 3166-1 alpha-2 code, as GeoNames has it. */
  country: string;
  /** English name of the state, province or the like; absent if the data has none. */
  region?: string | undefined;
  /** Inhabitants; 0 if unknown. */
  population: number;
  /** The country in which the border data has the city; differs from `country` where the two sources disagree. */
  side?: string | undefined;
}

/** All cities, a column for each field: typed arrays take a tenth of the memory of objects. */
export interface CityTable {
  names: string[];
  /** longitude, latitude, longitude, ... */
  coordinates: Float64Array;
  populations: Uint32Array;
  /** Distinct values of the following columns. */
  words: string[];
  /** Indexes into `words`; 0 stands for an absent value. */
  countries: Uint16Array;
  regions: Uint16Array;
  sides: Uint16Array;
  /** The spatial index of `coordinates` (KDBush). */
  index: ArrayBuffer;
}

/** Made by the build. The same path from src/ and from dist/. */
export const TABLE_PATH = new URL('../dist/places.bin', import.meta.url);

/** The file is written and read by the same version of Node.js, that of the build. */
export async function readCityTable(): Promise<CityTable> {
  return deserialize(await readFile(TABLE_PATH)) as CityTable;
}

export function cityAt(table: CityTable, row: number): City {
  const word = (column: Uint16Array) => table.words[column[row] ?? 0] || undefined;
  return {
    name: table.names[row] ?? '',
    lon: table.coordinates[2 * row] ?? Number.NaN,
    lat: table.coordinates[2 * row + 1] ?? Number.NaN,
    country: word(table.countries) ?? '',
    region: word(table.regions),
    population: table.populations[row] ?? 0,
    side: word(table.sides),
  };
}
