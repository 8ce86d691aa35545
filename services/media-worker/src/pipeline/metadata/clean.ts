const MAX_TEXT_LENGTH = 256;

/** Returns text from a file without control characters; undefined if nothing is left. */
export function cleanText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  // Cut before looking at each character, since a hostile file may hold megabytes; cut again between two characters.
  const visible = String(value)
    .slice(0, 8 * MAX_TEXT_LENGTH)
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .toWellFormed()
    .trim();
  const text = Array.from(visible).slice(0, MAX_TEXT_LENGTH).join('').trim();
  return text === '' ? undefined : text;
}

/** Returns the start of a value as one line: padding (NUL, blanks, line ends) becomes single spaces; empty if it is not text. */
export function shortText(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  return String(value)
    .slice(0, 64)
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

/** Returns the value if it is a finite number in (above, upTo]. */
export function cleanNumber(value: unknown, above: number, upTo: number): number | undefined {
  const number = toNumber(value);
  return number !== undefined && number > above && number <= upTo ? number : undefined;
}

export function cleanInteger(value: unknown, above: number, upTo: number): number | undefined {
  const number = cleanNumber(value, above, upTo);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}

/** Returns a location on Earth, or undefined. Cameras write exactly (0, 0) when they have no fix. */
export function cleanLocation(lat: unknown, lon: unknown): { lat: number; lon: number } | undefined {
  const location = { lat: toNumber(lat), lon: toNumber(lon) };
  if (location.lat === undefined || location.lon === undefined) return undefined;
  if (Math.abs(location.lat) > 90 || Math.abs(location.lon) > 180) return undefined;
  if (location.lat === 0 && location.lon === 0) return undefined;
  return { lat: location.lat, lon: location.lon };
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && value.trim() === '') return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
