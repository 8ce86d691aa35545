import type { Place } from '@lazyphotos/contracts';
import { around, distance } from 'geokdbush';
import KDBush from 'kdbush';
import {
  builtUpKm,
  type City,
  type CityTable,
  cityAt,
  countryAt,
  reachKm,
  readCityTable,
} from './place-data.js';

/** A city of more inhabitants has a reach of more than `NEAREST_KM`: it can have priority over many nearer villages. */
const LARGE = 100_000;
/** The reach of the largest city. */
const FARTHEST_KM = 35;
const NEAREST_KM = 10;

export interface PlaceFinder {
  find(lat: number, lon: number): Place | undefined;
}

export async function loadPlaceFinder(): Promise<PlaceFinder> {
  return createPlaceFinder(await readCityTable());
}

export function createPlaceFinder(table: CityTable): PlaceFinder {
  const all = KDBush.from(table.index);
  const largeRows = [...table.populations.keys()].filter((row) => (table.populations[row] ?? 0) >= LARGE);
  const large = new KDBush(largeRows.length);
  for (const row of largeRows) {
    const { lon, lat } = cityAt(table, row);
    large.add(lon, lat);
  }
  large.finish();
  const countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

  /** Returns the city whose built-up area contains the point or is relatively closest to it, on the same side of the borders. */
  function nearestCity(lat: number, lon: number, side: string | undefined): City | undefined {
    const isOnThisSide = (row: number) => side === undefined || cityAt(table, row).side === side;
    const rows = [
      ...around(all, lon, lat, 16, NEAREST_KM, isOnThisSide),
      ...around(large, lon, lat, 8, FARTHEST_KM, (n) => isOnThisSide(largeRows[n] ?? -1)).map(
        (n) => largeRows[n] ?? -1,
      ),
    ];
    return rows
      .map((row) => cityAt(table, row))
      .map((city) => ({ city, km: distance(lon, lat, city.lon, city.lat) }))
      .filter(({ city, km }) => km <= reachKm(city.population))
      .map(({ city, km }) => ({ city, remoteness: km / builtUpKm(city.population) }))
      .reduce<{ city?: City; remoteness: number }>(
        (best, next) => (next.remoteness < best.remoteness ? next : best),
        { remoteness: Number.POSITIVE_INFINITY },
      ).city;
  }

  return {
    find: (lat, lon) => {
      const side = countryAt(lat, lon);
      const city = nearestCity(lat, lon, side);
      // The border data and GeoNames disagree about some areas. A city has the country that GeoNames gives it.
      const countryCode = city?.country ?? side;
      if (countryCode === undefined) return undefined;
      const country = countryNames.of(countryCode);
      return {
        ...(city && { city: city.name }),
        ...(city?.region && { region: city.region }),
        ...(country && { country }),
        countryCode,
      };
    },
  };
}
