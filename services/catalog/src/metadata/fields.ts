import { type MetadataPatch, offsetOf } from '@lazyphotos/contracts';
import type { PhotoRow } from '../prisma.js';
import { storableDegrees } from '../values.js';
import type { EditableField } from './edits.js';

/** The values of the editable fields, in the form in which they are compared. */
export interface FieldValues {
  cameraMake: string | null;
  cameraModel: string | null;
  description: string | null;
  /** UTC, and minutes east of it where they are known. */
  capturedAt: { time: string; offset: number | null } | null;
  location: { lat: number; lon: number } | null;
  favorite: boolean;
  rating: number | null;
  archived: boolean;
  fileName: string;
}

/** The fields that a patch changes, with their new values. A text that is empty is none. */
export function valuesOfPatch(patch: MetadataPatch): Partial<FieldValues> {
  const { capturedAt, locationLat: lat, locationLon: lon } = patch;
  const values: { [F in EditableField]: FieldValues[F] | undefined } = {
    cameraMake: patch.cameraMake?.toWellFormed() ?? patch.cameraMake,
    cameraModel: patch.cameraModel?.toWellFormed() ?? patch.cameraModel,
    description: patch.description === '' ? null : (patch.description?.toWellFormed() ?? patch.description),
    capturedAt:
      capturedAt === undefined
        ? undefined
        : { time: new Date(capturedAt).toISOString(), offset: offsetOf(capturedAt) ?? null },
    location: lat === undefined || lon === undefined ? undefined : locationOf(lat, lon),
    favorite: patch.favorite,
    rating: patch.rating,
    archived: patch.archived,
    fileName: patch.fileName,
  };
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<FieldValues>;
}

function locationOf(lat: number | null, lon: number | null): FieldValues['location'] {
  return lat === null || lon === null ? null : { lat: storableDegrees(lat), lon: storableDegrees(lon) };
}

/** The values that a photo has now. */
export const valuesOfRow = (row: PhotoRow): FieldValues => ({
  cameraMake: row.cameraMake,
  cameraModel: row.cameraModel,
  description: row.description,
  capturedAt: row.capturedAt && { time: row.capturedAt.toISOString(), offset: row.capturedAtOffset },
  location: locationOf(row.locationLat, row.locationLon),
  favorite: row.favorite,
  rating: row.rating,
  archived: row.archived,
  fileName: row.fileName,
});

/** How a field's value is written into a photo. */
const writers: { [F in EditableField]: (value: FieldValues[F], row: PhotoRow) => Partial<PhotoRow> } = {
  cameraMake: (cameraMake) => ({ cameraMake }),
  cameraModel: (cameraModel) => ({ cameraModel }),
  description: (description) => ({ description }),
  capturedAt: (value, row) => {
    const capturedAt = value && new Date(value.time);
    return {
      capturedAt,
      capturedAtOffset: value?.offset ?? null,
      capturedAtSource: 'user',
      sortAt: capturedAt ?? row.uploadedAt,
    };
  },
  // The altitude is that of the file's location. The place is asked for again when the location has become another one.
  location: (value, row) => ({
    locationLat: value?.lat ?? null,
    locationLon: value?.lon ?? null,
    altitude: null,
    place: JSON.stringify(value) === JSON.stringify(valuesOfRow(row).location) ? row.place : null,
  }),
  favorite: (favorite) => ({ favorite }),
  rating: (rating) => ({ rating }),
  archived: (archived) => ({ archived }),
  fileName: (fileName) => ({ fileName }),
};

export const writeField = <F extends EditableField>(
  row: PhotoRow,
  field: F,
  value: FieldValues[F],
): PhotoRow => ({ ...row, ...writers[field](value, row) });
