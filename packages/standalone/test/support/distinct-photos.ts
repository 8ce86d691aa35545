import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SamplePhoto, type SamplePhotos, samplePhotos } from '@lazyphotos/testkit';

const MAX_BYTES = 2_000_000;
const START_OF_IMAGE_BYTES = 2;

/** A JPEG comment (marker FFFE, then the length of the segment with its own two bytes). */
function comment(text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.from([0xff, 0xfe, 0, 0]);
  header.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([header, content]);
}

interface DistinctOptions {
  collection?: SamplePhotos;
  /** Photos of two calls differ if their labels do. */
  label?: string;
}

/** Real photos in `folder`, each different from every other: the good JPEGs in turn, with a number inside. */
export async function distinctPhotos(
  folder: string,
  count: number,
  { collection = samplePhotos(), label = 'copy' }: DistinctOptions = {},
): Promise<SamplePhoto[]> {
  const sources = collection
    .folder('good/jpeg')
    .filter(({ referenceResult, bytes }) => referenceResult === 'ok' && bytes < MAX_BYTES);
  return Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const source = sources[number % sources.length] as SamplePhoto;
      const original = await readFile(source.path);
      const bytes = Buffer.concat([
        original.subarray(0, START_OF_IMAGE_BYTES),
        comment(`${label} ${number}`),
        original.subarray(START_OF_IMAGE_BYTES),
      ]);
      const name = `photo-${String(number).padStart(3, '0')}.jpg`;
      const path = join(folder, name);
      await writeFile(path, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { ...source, name, path, sha256, bytes: bytes.length };
    }),
  );
}
