import { MAX_TAG_LENGTH, storableDate, type WallClock, wallClockAsUtc } from '@lazyphotos/contracts';
import { cleanLine, cleanText, firstCharacters, MAX_DESCRIPTION } from '../texts.js';
import type { Location, PhotoFacts } from '../types.js';
import { parseXml, type XmlElement } from './xml.js';

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const DC = 'http://purl.org/dc/elements/1.1/';
const XMP = 'http://ns.adobe.com/xap/1.0/';
const EXIF = 'http://ns.adobe.com/exif/1.0/';
const PHOTOSHOP = 'http://ns.adobe.com/photoshop/1.0/';
const LIGHTROOM = 'http://ns.adobe.com/lightroom/1.0/';
const DIGIKAM = 'http://www.digikam.org/ns/1.0/';
const IPTC_EXTENSION = 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/';
const LANGUAGE = 'xml:lang';

/** More than any photo can have, and still little memory. */
const MAX_VALUES = 1000;

/**
 * Returns what an XMP sidecar says about its photo; undefined for a text that is not XMP. Properties are attributes or elements, lists are `Bag`,
 * `Seq` or `Alt` (XMP specification, part 1, 7: RDF/XML). Times without a zone are taken as UTC, as in file names.
 */
export function readXmp(text: string): PhotoFacts | undefined {
  const descriptions = parseXml(text)
    .flatMap((root) => within(root, `${RDF}RDF`))
    .flatMap(({ children }) => children.filter(({ name }) => name === `${RDF}Description`));
  if (descriptions.length === 0) return undefined;

  const properties = propertiesOf(descriptions);
  const time = (...names: string[]) => firstOf(names, (name) => timeOf(properties.get(name)?.[0]));
  const takenAt = time(`${EXIF}DateTimeOriginal`, `${PHOTOSHOP}DateCreated`, `${XMP}CreateDate`);
  const editedAt = time(`${XMP}MetadataDate`, `${XMP}ModifyDate`);
  const location = locationOf(properties);
  const description = firstCharacters(
    cleanText(properties.get(`${DC}description`)?.[0] ?? ''),
    MAX_DESCRIPTION,
  );
  const rating = Number(properties.get(`${XMP}Rating`)?.[0]);
  const tags = tagsOf(properties);
  const people = linesOf(properties.get(`${IPTC_EXTENSION}PersonInImage`));
  return {
    kind: 'photo',
    ...(takenAt !== undefined && { takenAt }),
    ...(location && { location }),
    ...(description !== '' && { description }),
    ...(Number.isInteger(rating) && rating >= 1 && rating <= 5 && { rating }),
    ...(tags.length > 0 && { tags }),
    ...(people.length > 0 && { people }),
    ...(editedAt !== undefined && { editedAt }),
  };
}

/** The outermost elements of a name in a tree. */
function within(element: XmlElement, name: string): XmlElement[] {
  return element.name === name ? [element] : element.children.flatMap((child) => within(child, name));
}

/** The texts of each property, of alternatives in several languages the default one first. */
function propertiesOf(descriptions: readonly XmlElement[]): Map<string, string[]> {
  const properties = new Map<string, string[]>();
  const add = (name: string, values: string[]) => {
    if (!properties.has(name) && values.length > 0) properties.set(name, values);
  };
  for (const { attributes, children } of descriptions) {
    for (const [name, value] of attributes) add(name, [value]);
    for (const child of children) add(child.name, valuesOf(child));
  }
  return properties;
}

function valuesOf(property: XmlElement): string[] {
  const list = property.children.find(({ name }) => [`${RDF}Bag`, `${RDF}Seq`, `${RDF}Alt`].includes(name));
  if (!list) return property.text.trim() === '' ? [] : [property.text];
  const items = list.children.filter(({ name }) => name === `${RDF}li`).slice(0, MAX_VALUES);
  const isDefault = (item: XmlElement) => item.attributes.get(LANGUAGE) === 'x-default';
  return [...items.filter(isDefault), ...items.filter((item) => !isDefault(item))]
    .map((item) => item.text)
    .filter((value) => value.trim() !== '');
}

function firstOf<Value>(
  names: readonly string[],
  read: (name: string) => Value | undefined,
): Value | undefined {
  for (const name of names) {
    const value = read(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** `2015-06-11T10:29:26.69+02:00` and any beginning of it down to the year (ISO 8601); EXIF's colons in the date as well. */
const XMP_TIME =
  /^(\d{4})(?:[-:](\d\d)(?:[-:](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?)?)? ?(Z|[-+]\d\d:?\d\d)?$/i;

function timeOf(value: string | undefined): string | undefined {
  const match = XMP_TIME.exec(value?.trim() ?? '');
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const clock: WallClock = {
    year: Number(year),
    month: Number(month ?? 1),
    day: Number(day ?? 1),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: Number(fraction.slice(0, 3).padEnd(3, '0')),
  };
  const date = wallClockAsUtc(clock);
  if (date === undefined) return undefined;
  return storableDate(date.getTime() - minutesOf(zone) * 60_000)?.toISOString();
}

function minutesOf(zone: string): number {
  const [, sign, hours, minutes] = /^([-+])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
}

function locationOf(properties: ReadonlyMap<string, string[]>): Location | undefined {
  const read = (name: string, max: number) =>
    degreesOf(properties.get(EXIF + name)?.[0], properties.get(`${EXIF}${name}Ref`)?.[0], max);
  const lat = read('GPSLatitude', 90);
  const lon = read('GPSLongitude', 180);
  // (0, 0) is what programs write for "unknown".
  return lat === undefined || lon === undefined || (lat === 0 && lon === 0) ? undefined : { lat, lon };
}

/** `52,30.5N` or `52,30,30N` (XMP specification, part 2: GPSCoordinate); decimal degrees, which other programs write. */
function degreesOf(
  value: string | undefined,
  reference: string | undefined,
  max: number,
): number | undefined {
  const match =
    /^([-+]?\d{1,3}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?(?:,(\d{1,2}(?:\.\d+)?))? ?([NSEW])?$/i.exec(
      value?.trim() ?? '',
    );
  if (!match) return undefined;
  const [, degrees, minutes = 0, seconds = 0, hemisphere = reference?.trim() ?? ''] = match;
  if (Number(minutes) >= 60 || Number(seconds) >= 60) return undefined;
  const size = Math.abs(Number(degrees)) + Number(minutes) / 60 + Number(seconds) / 3600;
  if (size > max) return undefined;
  const isNegative = /^[sw]/i.test(hemisphere) || degrees?.startsWith('-');
  return isNegative ? -size : size;
}

/** `lr:hierarchicalSubject` writes `Places|Berlin`, digiKam `Places/Berlin`: the last part is the tag. */
function tagsOf(properties: ReadonlyMap<string, string[]>): string[] {
  const leaves = (name: string, separator: string) =>
    linesOf(properties.get(name)?.map((value) => value.slice(value.lastIndexOf(separator) + 1)));
  return [
    ...new Set([
      ...linesOf(properties.get(`${DC}subject`)),
      ...leaves(`${LIGHTROOM}hierarchicalSubject`, '|'),
      ...leaves(`${DIGIKAM}TagsList`, '/'),
    ]),
  ];
}

const linesOf = (values: readonly string[] = []): string[] =>
  values
    .slice(0, MAX_VALUES)
    .map((value) => firstCharacters(cleanLine(value), MAX_TAG_LENGTH).trim())
    .filter((value) => value !== '');
