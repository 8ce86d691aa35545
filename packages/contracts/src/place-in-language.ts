import CITY_NAMES from './city-names.json' with { type: 'json' };
import type { Place } from './http/photos.js';

/**
 * Returns a function that gives places the names of a language (a BCP 47 tag): every country's, and those of the larger cities. Other
 * names stay as they are, and so does everything in a language that is not known. Make it once for many places: to load the names of
 * a language takes longer than to use them.
 */
export function placesInLanguage(language: string): (place: Place) => Place {
  const countryIn = countryNames(language);
  const keys = nameKeys(language);
  return (place) => {
    const { countryCode, city } = place;
    if (countryCode === undefined) return place;
    const country = countryIn(countryCode);
    const names = city === undefined ? undefined : namesOfCity(countryCode, city);
    const localCity = keys.map((key) => names?.get(key)).find((name) => name !== undefined);
    return { ...place, ...(country && { country }), ...(localCity && { city: localCity }) };
  };
}

/** Returns one place with the names of a language, see `placesInLanguage`. */
export const placeInLanguage = (place: Place, language: string): Place => placesInLanguage(language)(place);

/** Returns what the city of a place is called in other languages, each name once; for a search index. */
export function otherCityNames({ countryCode, city }: Place): string[] {
  const names = countryCode && city ? namesOfCity(countryCode, city) : undefined;
  return [...new Set(names?.values() ?? [])];
}

function countryNames(language: string): (countryCode: string) => string | undefined {
  try {
    const names = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
    return (countryCode) => names.of(countryCode);
  } catch {
    // It is not a language tag.
    return () => undefined;
  }
}

/** The keys under which a language's names may be, the closest first: `zh-Hant` and `zh` for zh-TW. */
function nameKeys(tag: string): string[] {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    // The written forms of Norwegian share their names of places.
    const base = language === 'no' || language === 'nn' ? 'nb' : language;
    return [`${base}-${script}`, base];
  } catch {
    return [];
  }
}

let table: Map<string, Map<string, string>> | undefined;

function namesOfCity(countryCode: string, city: string): ReadonlyMap<string, string> | undefined {
  table ??= readTable();
  return table.get(`${countryCode}|${city}`);
}

/** Reads the rows of the table: country, the name that GeoNames shows, then its names in other languages. */
function readTable(): Map<string, Map<string, string>> {
  return new Map(
    CITY_NAMES.map((row) => {
      const [countryCode, city, ...names] = row.split('|');
      const byLanguage = names.map((name) => name.split('=', 2) as [string, string]);
      return [`${countryCode}|${city}`, new Map(byLanguage)];
    }),
  );
}
