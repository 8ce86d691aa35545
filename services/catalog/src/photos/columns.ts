import { type PhotoRow, Prisma } from '../prisma.js';

export const PHOTO_FIELDS = Object.values(Prisma.PhotoScalarFieldEnum);

/** Returns the name of a field's column. */
export const columnOf = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** SQL: all columns of `table`, named as in `StoredPhoto`. */
export const photoColumns = (table: string): string =>
  PHOTO_FIELDS.map((field) => `${table}.${columnOf(field)} AS "${field}"`).join(', ');

/** A photo as `pg` returns it: int8 is a string there. */
export type StoredPhoto = Omit<PhotoRow, 'sizeBytes'> & { sizeBytes: string };

/** Returns the row as Prisma does. It has the further columns of the statement, too. */
export function toPhotoRow<Row extends StoredPhoto>(row: Row): Omit<Row, 'sizeBytes'> & PhotoRow {
  return { ...row, sizeBytes: BigInt(row.sizeBytes) };
}

/** Fields that no list shows, and no cursor needs. */
const NOT_LISTED = ['sidecarDate', 'tagKeys', 'trashedByImport', 'mediaRun', 'searchWords'] as const;

/** A photo as lists read it. */
export type ListedPhoto = Omit<PhotoRow, (typeof NOT_LISTED)[number]>;

type Milliseconds<Value> = Value extends Date ? number : Value;

/** A photo of a list as `pg` returns it: dates in milliseconds since 1970, and null for no tags. */
export type StoredListedPhoto = {
  [Field in keyof Omit<ListedPhoto, 'sizeBytes' | 'tags'>]: Milliseconds<ListedPhoto[Field]>;
} & { sizeBytes: string; tags: string[] | null };

/**
 * SQL of one column of a list. `pg` reads a number in a fraction of the time that a date or an array takes it. Seconds since 1970 are a
 * float8, exact to a fraction of a microsecond in the years that can be stored.
 */
function listedColumn(table: string, field: string): string {
  const column = `${table}.${columnOf(field)}`;
  if (field === 'tags') return `NULLIF(${column}, '{}')`;
  return field.endsWith('At') ? `round(date_part('epoch', ${column}) * 1000)` : column;
}

/** SQL: the columns of `table` that a list needs, named as in `StoredListedPhoto`. */
export const listedColumns = (table: string): string =>
  PHOTO_FIELDS.filter((field) => !NOT_LISTED.some((other) => other === field))
    .map((field) => `${listedColumn(table, field)} AS "${field}"`)
    .join(', ');

/** Returns the row as Prisma does, without the fields that no list shows. It has the further columns of the statement, too. */
export function toListedPhoto<Row extends StoredListedPhoto>(
  row: Row,
): Omit<Row, keyof ListedPhoto> & ListedPhoto {
  const { capturedAt, deletedAt } = row;
  return {
    ...row,
    sizeBytes: BigInt(row.sizeBytes),
    tags: row.tags ?? [],
    capturedAt: capturedAt === null ? null : new Date(capturedAt),
    sortAt: new Date(row.sortAt),
    uploadedAt: new Date(row.uploadedAt),
    updatedAt: new Date(row.updatedAt),
    deletedAt: deletedAt === null ? null : new Date(deletedAt),
  };
}
