import { readFile } from 'node:fs/promises';
import { deserialize } from 'node:v8';
import { feature, iso1A2Code } from '@rapideditor/country-coder';

/** A city of the table that `write-places.ts` makes from the data packages. */
export interface City {
  name: string;
  lat: number;
  lon: number;
  /** ISO 3166-1 alpha-2 code, as GeoNames has it. */
  country: string;
  /** English name of the state, province or similar region; absent if the data has none. */
  region?: string | undefined;
  /** Inhabitants; 0 if unknown. */
  population: number;
  /** The country of the city in the border data; differs from `country` where the two sources disagree. */
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

type Coordinates = [lon: number, lat: number];

/**
 * Returns the ISO 3166-1 alpha-2 code of the country or territory that a point is in, undefined on the open sea. Borders on the sea
 * are generalised: some points far from a coast still count as the country's.
 */
export function countryAt(lat: number, lon: number): string | undefined {
  // The polygons end at -180.
  return codeAt([lon, lat]) ?? (lon === 180 ? codeAt([-180, lat]) : undefined);
}

function codeAt(coordinates: Coordinates): string | undefined {
  const territory = feature(coordinates, { level: 'territory', withProp: 'iso1A2' })?.properties;
  // Codes that ISO 3166 only reserves, such as IC for the Canary Islands, are replaced by the country's.
  if (territory?.isoStatus === 'excRes') return iso1A2Code(coordinates) ?? undefined;
  return territory?.iso1A2 ?? undefined;
}

/** Settlements whose population is unknown are mostly villages. */
const ASSUMED_POPULATION = 500;
const VILLAGE_REACH_KM = 5;

/**
 * Returns the radius of a settlement's built-up area in kilometres. Areas grow more slowly than populations, since large cities are
 * dense; the factor gives Munich (1.26 million) 9 km, Berlin 13 km, a town of 10,000 1.3 km, a village of 1,000 0.5 km.
 */
export const builtUpKm = (population: number): number => 0.0327 * (population || ASSUMED_POPULATION) ** 0.4;

/**
 * Returns the distance from the centre of a settlement, in kilometres, within which a photo counts as taken there: its outskirts, or
 * the land of its municipality, since the data have no hamlets.
 */
export const reachKm = (population: number): number =>
  Math.max(VILLAGE_REACH_KM, 1.3 * builtUpKm(population));
