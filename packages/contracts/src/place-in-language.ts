import type { Place } from './http/place.js';

/**
 * Returns a place with its country in the viewer's language (a BCP 47 tag). An unknown language leaves the names as they are, which is
 * English for countries.
 */
export function placeInLanguage(place: Place, language: string): Place {
  const country = place.countryCode && countryName(place.countryCode, language);
  return country ? { ...place, country } : place;
}

function countryName(countryCode: string, language: string): string | undefined {
  try {
    return new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }).of(countryCode);
  } catch {
    // No language tag, or no country code.
    return undefined;
  }
}
