// The 160 files of every format of `npm run bench memory`.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256File } from '../../packages/client/dist/index.js';

const FOLDERS = ['../../packages/testkit/samples', '../../../shared/photos'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const CAMERA_RAW = { '.nef': 'image/x-nikon-nef', '.dng': 'image/x-adobe-dng' };

/** The pictures of the folders that exist; those of the second one are real photos, which are not part of the repository. */
export async function findPictures() {
  const found = [];
  for (const folder of FOLDERS.filter((path) => existsSync(join(path, 'manifest.tsv')))) {
    const lines = (await readFile(join(folder, 'manifest.tsv'), 'utf8')).split('\n').slice(1);
    for (const [name = '', , , type = ''] of lines.map((line) => line.split('\t'))) {
      const mimeType = CAMERA_RAW[extname(name).toLowerCase()] ?? type;
      const isPicture = name.startsWith('good/') && mimeType.startsWith('image/');
      if (isPicture) found.push({ path: join(folder, name), mimeType });
    }
  }
  return found;
}

/** What makes a copy another file without changing the picture: a box without meaning in HEIF, elsewhere bytes behind the end. */
function endOf(mimeType) {
  const noise = randomBytes(16);
  if (!['image/heic', 'image/heif', 'image/avif'].includes(mimeType)) return noise;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + noise.length);
  head.write('free', 4, 'latin1');
  return Buffer.concat([head, noise]);
}

export async function makeFiles(folder, pictures, count) {
  await mkdir(folder);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { path: from, mimeType } = pictures[index % pictures.length];
      const path = join(folder, `${index}-${basename(from)}`);
      const bytes = Buffer.concat([await readFile(from), endOf(mimeType)]);
      await writeFile(path, bytes);
      return { path, mimeType, hash: await sha256File(path), bytes: bytes.length };
    }),
  );
}
