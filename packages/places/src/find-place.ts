import type { Place } from '@lazyphotos/contracts';
import { around, distance } from 'geokdbush';
import KDBush from 'kdbush';
import { builtUpKm, type City, type CityTable, cityAt, countryAt, reachKm } from './place-data.js';

/** A city of more inhabitants has a reach of more than `NEAREST_KM`: it can have priority over many nearer villages. */
const LARGE = 100_000;
/** The reach of the largest city. */
const FARTHEST_KM = 35;
const NEAREST_KM = 10;

/** Finds places in a table of cities, for English readers. */
export class PlaceFinder {
  readonly #all: KDBush;
  readonly #large: KDBush;
  /** The rows of the cities in `#large`. */
  readonly #largeRows: number[];
  readonly #countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

  constructor(readonly table: CityTable) {
    this.#all = KDBush.from(table.index);
    this.#largeRows = [...table.populations.keys()].filter((row) => (table.populations[row] ?? 0) >= LARGE);
    this.#large = new KDBush(this.#largeRows.length);
    for (const row of this.#largeRows) {
      const { lon, lat } = cityAt(table, row);
      this.#large.add(lon, lat);
    }
    this.#large.finish();
  }

  find(lat: number, lon: number): Place | undefined {
    const side = countryAt(lat, lon);
    const city = this.#nearestCity(lat, lon, side);
    // The border data and GeoNames disagree about some areas. A city has the country that GeoNames gives it.
    const countryCode = city?.country ?? side;
    if (countryCode === undefined) return undefined;
    const country = this.#countryNames.of(countryCode);
    return {
      ...(city && { city: city.name }),
      ...(city?.region && { region: city.region }),
      ...(country && { country }),
      countryCode,
    };
  }

  /** Returns the city whose built-up area contains the point or is relatively closest to it, on the same side of the borders. */
  #nearestCity(lat: number, lon: number, side: string | undefined): City | undefined {
    const largeRow = (n: number) => this.#largeRows[n] ?? -1;
    const isOnThisSide = (row: number) => side === undefined || cityAt(this.table, row).side === side;
    const rows = [
      ...around(this.#all, lon, lat, 16, NEAREST_KM, isOnThisSide),
      ...around(this.#large, lon, lat, 8, FARTHEST_KM, (n) => isOnThisSide(largeRow(n))).map(largeRow),
    ];
    return rows
      .map((row) => cityAt(this.table, row))
      .map((city) => ({ city, km: distance(lon, lat, city.lon, city.lat) }))
      .filter(({ city, km }) => km <= reachKm(city.population))
      .map(({ city, km }) => ({ city, remoteness: km / builtUpKm(city.population) }))
      .reduce<{ city?: City; remoteness: number }>(
        (best, next) => (next.remoteness < best.remoteness ? next : best),
        { remoteness: Number.POSITIVE_INFINITY },
      ).city;
  }
}
