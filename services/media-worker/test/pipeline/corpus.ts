import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';

/** Real photos with what independent readers make of them; they are not part of the repository. */
const root =
  process.env.LAZYPHOTOS_SHARED_PHOTOS ??
  fileURLToPath(new URL('../../../../../shared/photos', import.meta.url));

/** Where the photos are absent, the pictures that the other tests generate have to do. */
export const describeWithPhotos: typeof describe.skip = existsSync(join(root, 'manifest.tsv'))
  ? describe
  : describe.skip;

export const photo = (name: string): string => join(root, name);

export interface ManifestEntry {
  name: string;
  mimeType: string;
  referenceResult: string;
}

const typesByExtension: Record<string, string> = { nef: 'image/x-nikon-nef', dng: 'image/x-adobe-dng' };

/** Files of the manifest below a folder that are, or pretend to be, pictures. */
export function manifest(folder: string): ManifestEntry[] {
  if (!existsSync(join(root, 'manifest.tsv'))) return [];
  return readFileSync(join(root, 'manifest.tsv'), 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .flatMap(([name = '', , , mime = '', , , , , , , , , referenceResult = '']) => {
      const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
      const mimeType = typesByExtension[extension] ?? (mime.startsWith('image/') ? mime : 'image/jpeg');
      return name.startsWith(folder) ? [{ name, mimeType, referenceResult }] : [];
    });
}

/** What exiftool 12 and independent decoders say of a photo. */
export interface Expected {
  Make?: string | number;
  Model?: string | number;
  GPSLatitude?: number;
  GPSLongitude?: number;
  Orientation?: number;
  DateTimeOriginal?: string;
  CreateDate?: string;
  SubSecTimeOriginal?: string | number;
  OffsetTime?: string;
  OffsetTimeOriginal?: string;
  ImageWidth?: number;
  ImageHeight?: number;
  DecodedWidth?: number;
  DecodedHeight?: number;
  NonExif?: string[];
}

export function expected(): Record<string, Expected> {
  return JSON.parse(readFileSync(join(root, 'expected.json'), 'utf8'));
}

export const filesIn = (folder: string): string[] =>
  existsSync(photo(folder))
    ? readdirSync(photo(folder)).map((name) => relative(root, join(photo(folder), name)))
    : [];
