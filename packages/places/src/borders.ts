import { feature, iso1A2Code } from '@rapideditor/country-coder';

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
  // Codes that ISO 3166 only reserves, such as IC for the Canary Islands, give way to the country's.
  if (territory?.isoStatus === 'excRes') return iso1A2Code(coordinates) ?? undefined;
  return territory?.iso1A2 ?? undefined;
}
