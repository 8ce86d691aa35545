import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SamplePhoto {
  /** Relative to the collection, as its manifest names it: `good/jpeg/exifr__IMG_1.jpg`. */
  name: string;
  /** Absolute. */
  path: string;
  bytes: number;
  sha256: string;
  mime: string;
  /** In pixels; undefined where a decoder gave none. */
  width: number | undefined;
  height: number | undefined;
  /** What an independent decoder made of it; `none`: it is not a picture, or none was asked. */
  referenceResult: 'ok' | 'fail' | 'empty' | 'none';
  /** What exiftool reads from it, signed degrees and numbers. */
  expected?: ExpectedMetadata;
}

export interface ExpectedMetadata {
  CreateDate?: string;
  DateTimeOriginal?: string;
  OffsetTime?: string;
  OffsetTimeOriginal?: string;
  SubSecTimeOriginal?: number | string;
  SubSecTimeDigitized?: number | string;
  Make?: string;
  Model?: string;
  Orientation?: number;
  GPSLatitude?: number;
  GPSLongitude?: number;
  /** Before rotation. */
  ImageWidth?: number;
  ImageHeight?: number;
  DecodedWidth?: number;
  DecodedHeight?: number;
  Frames?: number;
  /** Keys that stand outside Exif only. */
  NonExif?: string[];
}

export interface SamplePhotos {
  /** `shared`: the large collection beside the repository. `own`: the few files of this package. */
  source: 'shared' | 'own';
  all: SamplePhoto[];
  /** Those below a folder, such as `good/jpeg` or `bad`. Both collections have good/{jpeg,png,webp} and bad. */
  folder(name: string): SamplePhoto[];
}

const OWN = fileURLToPath(new URL('../samples', import.meta.url));
const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../../shared/photos', import.meta.url));

/** The photos to test with: LAZYPHOTOS_SHARED_PHOTOS, else `../shared/photos` beside the repository, else our own. */
export function samplePhotos(): SamplePhotos {
  const shared = process.env.LAZYPHOTOS_SHARED_PHOTOS ?? BESIDE_THE_REPOSITORY;
  const isThere = existsSync(join(shared, 'manifest.tsv'));
  return { source: isThere ? 'shared' : 'own', ...readCollection(isThere ? shared : OWN) };
}

/** The samples of this package, the same everywhere. */
export function ownSamplePhotos(): SamplePhotos {
  return { source: 'own', ...readCollection(OWN) };
}

function readCollection(folder: string): Omit<SamplePhotos, 'source'> {
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
  const [header = '', ...lines] = readFileSync(join(folder, 'manifest.tsv'), 'utf8').trimEnd().split('\n');
  const columns = header.split('\t');
  const all = lines.map((line) => {
    const values = line.split('\t');
    const row = Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
    return toPhoto(folder, row, expected[row.path ?? '']);
  });
  return { all, folder: (name) => all.filter((photo) => photo.name.startsWith(`${name}/`)) };
}

function toPhoto(folder: string, row: Record<string, string>, expected?: ExpectedMetadata): SamplePhoto {
  const name = row.path ?? '';
  const verdict = /^(ok|fail|empty)\b/.exec(
    row.reference_result ?? '',
  )?.[1] as SamplePhoto['referenceResult'];
  return {
    name,
    path: join(folder, name),
    bytes: Number(row.bytes),
    sha256: row.sha256 ?? '',
    mime: row.mime ?? '',
    width: row.width ? Number(row.width) : undefined,
    height: row.height ? Number(row.height) : undefined,
    referenceResult: verdict ?? 'none',
    ...(expected ? { expected } : {}),
  };
}
