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
