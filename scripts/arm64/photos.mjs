// What is uploaded: real photos of every format, and as many more of one as are wanted.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { samplePhotos } from '../../packages/testkit/dist/index.js';

const FOLDERS = ['avif', 'gif', 'heic', 'jpeg', 'png', 'raw', 'tiff', 'webp'];
const JPEGS = 5;

/** The largest photo of each format, and a few of the format that most photos have. */
export function choosePhotos() {
  const { folder } = samplePhotos();
  const photos = FOLDERS.flatMap((format) =>
    folder(`good/${format}`)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, format === 'jpeg' ? JPEGS : 1),
  );
  if (photos.length === 0) throw new Error('there are no sample photos');
  return photos;
}

export async function copyPhotos(photos, folder) {
  await mkdir(folder, { recursive: true });
  for (const { path, name } of photos) await copyFile(path, join(folder, basename(name)));
}

/** Different files that are the same picture: a JPEG may have anything behind its end. */
export async function writeVariants({ path }, folder, prefix, count) {
  await mkdir(folder, { recursive: true });
  const bytes = await readFile(path);
  for (let number = 1; number <= count; number += 1) {
    const name = `${prefix}-${number}.jpg`;
    await writeFile(join(folder, name), Buffer.concat([bytes, Buffer.from(name)]));
  }
}
