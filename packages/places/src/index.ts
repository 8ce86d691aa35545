import type { Place } from '@lazyphotos/contracts';
import type { PlaceFinder } from './find-place.js';

export interface Places {
  /**
   * Resolves to the place at a location (degrees, WGS 84): the city that the location is in or close to, with its region and country
   * in English. Far from every city it is the country alone; undefined on the open sea.
   */
  find(lat: number, lon: number): Promise<Place | undefined>;
}

/** The data take about 60 MB of memory (x64, with borders); they are loaded on the first call. */
export function openPlaces(): Places {
  let loading: Promise<PlaceFinder> | undefined;
  const load = async () => {
    const [{ PlaceFinder }, { readCityTable }] = await Promise.all([
      import('./find-place.js'),
      import('./place-data.js'),
    ]);
    return new PlaceFinder(await readCityTable());
  };
  return {
    find: async (lat, lon) => {
      loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return (await loading).find(lat, lon);
    },
  };
}
