import {
  type CapturedAtSource,
  type ImportedPhoto,
  isBetterSource,
  MAX_TAGS,
  type MetadataPatch,
  storableDate,
} from '@lazyphotos/contracts';
import { announcedTime } from '../media/apply.js';
import { type Edits, mergeTags, readEdits, tagsOf } from '../metadata/edits.js';
import { isDifferent, type Merged, mergePatch } from '../metadata/merge.js';
import type { PhotoRow } from '../prisma.js';
import { storableDegrees } from '../values.js';
import { descriptionOf, tagsFrom } from './texts.js';

/** The first instant of all. */
const OLDEST = new Date(-8_640_000_000_000_000).toISOString();

/**
 * Returns when an edit of an import was made. Without a time it is older than any edit, and so is one with a time in the future: edits of
 * this library with such a time count as made now, but an import would then make a newer edit with every repetition.
 */
const editTimeOf = (at: string | undefined, now: Date): string =>
  at !== undefined && Date.parse(at) <= now.getTime() ? at : OLDEST;

/** Returns whether an announced date replaces a photo's. Of two from one source the earlier one stays, in any order of arrival. */
function isBetterDate(date: Date, source: CapturedAtSource, row: PhotoRow): boolean {
  if (row.capturedAt === null) return true;
  const known = row.capturedAtSource as CapturedAtSource | null;
  // The source of an old photo's date is unknown.
  if (known === null) return false;
  return isBetterSource(source, known) || (source === known && date < row.capturedAt);
}

function withDate(row: PhotoRow, edits: Edits, fact: ImportedPhoto['date']): PhotoRow {
  const date = storableDate(fact?.capturedAt);
  if (!fact || !date) return row;
  const isFirst = fact.source === 'sidecar' && (row.sidecarDate === null || date < row.sidecarDate);
  const remembered = isFirst ? { ...row, sidecarDate: date } : row;
  if (edits.at.capturedAt !== undefined || !isBetterDate(date, fact.source, row)) return remembered;
  return { ...remembered, ...announcedTime(date, fact.source) };
}

function withLocation(row: PhotoRow, edits: Edits, fact: ImportedPhoto['location']): PhotoRow {
  if (!fact || row.locationLat !== null || edits.at.location !== undefined) return row;
  const { lat, lon } = fact;
  return {
    ...row,
    locationLat: storableDegrees(lat),
    locationLon: storableDegrees(lon),
    altitude: null,
    place: null,
  };
}

/** Returns the tags of which the photo has room for all, in their order. */
function fittingTags(edits: Edits, tags: readonly string[], at: number): string[] {
  let set = edits.tags;
  return tags.filter((tag) => {
    const more = mergeTags(set, { add: [tag] }, at);
    if (tagsOf(more).length > MAX_TAGS) return false;
    set = more;
    return true;
  });
}

function patchOf(edits: Edits, given: ImportedPhoto['edits'], now: Date): MetadataPatch {
  const { favorite, archived, rating, location } = given;
  const updatedAt = editTimeOf(given.at, now);
  const tags = fittingTags(edits, tagsFrom(given.tags).slice(0, MAX_TAGS), Date.parse(updatedAt));
  return {
    description: descriptionOf(given.description),
    favorite,
    archived,
    rating,
    locationLat: location?.lat,
    locationLon: location?.lon,
    addTags: tags.length > 0 ? tags : undefined,
    updatedAt,
  };
}

/**
 * Adds the facts of an import to a photo. A repetition changes nothing: a fact is taken only where the photo has none as good, an edit
 * only where there is no newer one.
 */
export function withFacts(row: PhotoRow, imported: ImportedPhoto, now: Date): Merged {
  const edits = readEdits(row.edits);
  const dated = withDate(row, edits, imported.date);
  const marked = imported.trashed ? { ...dated, trashedByImport: true } : dated;
  const located = withLocation(marked, edits, imported.location);
  const merged = mergePatch(located, patchOf(edits, imported.edits, now), now);
  return {
    ...merged,
    isChanged: isDifferent(row, merged.row),
    isRemembered:
      merged.isRemembered ||
      merged.row.sidecarDate !== row.sidecarDate ||
      merged.row.trashedByImport !== row.trashedByImport,
  };
}
