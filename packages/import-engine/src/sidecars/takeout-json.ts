import { storableDate } from '@lazyphotos/contracts';
import {
  cleanLine,
  cleanText,
  decodeReferences,
  firstCharacters,
  MAX_DESCRIPTION,
  MAX_FILE_NAME,
} from '../texts.js';
import type { AlbumFacts, Location, PhotoFacts } from '../types.js';

/** More people than any photo can have tags, and still little memory. */
const MAX_PEOPLE = 1000;
const MAX_NAME = 100;

type Fields = Record<string, unknown>;

/**
 * Returns what a JSON file of a Google Takeout says about a photo or an album; undefined for any other text. All values are checked:
 * numbers may be numbers or text, a time of 0 and the place (0, 0) mean "unknown", and impossible values are left out.
 */
export function readTakeoutJson(text: string): PhotoFacts | AlbumFacts | undefined {
  const root = parse(text);
  if (root === undefined) return undefined;
  // Takeouts from before 2020 wrap the album.
  const album = fieldsOf(root.albumData);
  if (album) return albumFacts(album);
  if (isPhoto(root)) return photoFacts(root);
  return typeof root.title === 'string' ? albumFacts(root) : undefined;
}

function parse(text: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return undefined;
  }
}

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

/** Photos have `photoTakenTime`, albums do not. The other fields are in no album either, and remain when that time is missing. */
const PHOTO_FIELDS = [
  'photoTakenTime',
  'photoLastModifiedTime',
  'geoDataExif',
  'imageViews',
  'googlePhotosOrigin',
];
const isPhoto = (root: Fields): boolean => PHOTO_FIELDS.some((name) => Object.hasOwn(root, name));

function photoFacts(root: Fields): PhotoFacts {
  const people = peopleOf(root.people);
  return {
    kind: 'photo',
    ...defined('title', lineOf(root.title, MAX_FILE_NAME)),
    ...defined('takenAt', timeOf(root.photoTakenTime)),
    ...locationFacts(locationOf(root.geoData), locationOf(root.geoDataExif)),
    ...defined('description', textOf(root.description)),
    ...flag('favorite', root.favorited),
    ...flag('archived', root.archived),
    ...flag('trashed', root.trashed),
    ...(people.length > 0 && { people }),
    // An empty object in all exports that are known.
    ...flag('isFromPartner', Boolean(fieldsOf(root.googlePhotosOrigin)?.fromPartnerSharing)),
    ...defined(
      'editedAt',
      timeOf(root.photoLastModifiedTime) ?? timeOf(root.modificationTime) ?? timeOf(root.creationTime),
    ),
  };
}

function albumFacts(fields: Fields): AlbumFacts {
  const description = textOf(fields.description) ?? enrichmentsOf(fields.enrichments);
  return {
    kind: 'album',
    title: lineOf(fields.title, MAX_FILE_NAME) ?? '',
    ...defined('description', description),
  };
}

/** The texts and places that a person has put between the photos of an album, as lines. */
function enrichmentsOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const lines = value.slice(0, MAX_PEOPLE).flatMap((item) => {
    const fields = fieldsOf(item);
    const places = fieldsOf(fields?.locationEnrichment)?.location;
    return [
      textOf(fieldsOf(fields?.narrativeEnrichment)?.text),
      ...(Array.isArray(places) ? places.map((place) => textOf(fieldsOf(place)?.name)) : []),
    ];
  });
  return textOf(lines.filter((line) => line !== undefined).join('\n'));
}

/**
 * `geoDataExif` is what the file says, `geoData` what Google Photos shows. The two often differ by some metres, so only a larger
 * distance means that a person has moved the photo.
 */
function locationFacts(
  shown: Location | undefined,
  inFile: Location | undefined,
): Pick<PhotoFacts, 'location' | 'isLocationEdited'> {
  if (shown && inFile && metresBetween(shown, inFile) > EDIT_METRES) {
    return { location: shown, isLocationEdited: true };
  }
  return defined('location', inFile ?? shown);
}

const EDIT_METRES = 100;
const METRES_PER_DEGREE = 111_195;

/** On a sphere, by the haversine formula. */
function metresBetween(a: Location, b: Location): number {
  const radians = Math.PI / 180;
  const half = (degrees: number) => Math.sin((degrees * radians) / 2) ** 2;
  const h = half(a.lat - b.lat) + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * half(a.lon - b.lon);
  return (2 * Math.asin(Math.min(1, Math.sqrt(h))) * METRES_PER_DEGREE) / radians;
}

function locationOf(value: unknown): Location | undefined {
  const fields = fieldsOf(value);
  const lat = numberOf(fields?.latitude);
  const lon = numberOf(fields?.longitude);
  if (lat === undefined || lon === undefined || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined;
  return lat === 0 && lon === 0 ? undefined : { lat, lon };
}

/** Seconds since 1970 in UTC, as Google writes them: before that year they are negative. */
function timeOf(value: unknown): string | undefined {
  const seconds = numberOf(fieldsOf(value)?.timestamp);
  if (seconds === undefined || seconds === 0) return undefined;
  return storableDate(seconds * 1000)?.toISOString();
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function peopleOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, MAX_PEOPLE)
    .map((person) => lineOf(fieldsOf(person)?.name, MAX_NAME))
    .filter((name) => name !== undefined);
}

function lineOf(value: unknown, max: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  return firstCharacters(cleanLine(decodeReferences(value)), max).trim() || undefined;
}

/** Google writes descriptions with the character references of HTML. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return firstCharacters(cleanText(decodeReferences(value)), MAX_DESCRIPTION).trim() || undefined;
}

function defined<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: Value };
}

function flag<Name extends string>(name: Name, value: unknown): { [K in Name]?: boolean } {
  return (value === true || value === 'true' ? { [name]: true } : {}) as { [K in Name]?: boolean };
}
